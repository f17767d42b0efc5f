"Clients and servers that mean harm: each is refused, cut off or served, and the next client is served as ever."
import asyncio
import json
import socket
import time

import pytest
from serve_stubs import Said, served
from test_serve import ADD, ask, rows, wait_for

from llmr.conversations import read_request
from llmr.features import hand_features
from llmr.gateway import read_body
from llmr.upstreams import Tally

BODY = json.dumps(dict(model='llmr') | ADD).encode()
HEAD = b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
LENGTH = b'Content-Length: %d\r\n' % len(BODY)


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    "A service with a log."
    with served(tmp_path_factory.mktemp('hostile')) as service: yield service


@pytest.fixture(autouse=True)
def goes_on(plain):
    "After each attack the service answers, and nothing of it is left in progress."
    yield
    plain.small.faults.clear()
    assert ask(plain, ADD)[0]==200
    assert wait_for(lambda: plain.service.active==0)


def raw(service, *pieces, seconds=.5):
    "All that comes back for bytes as they are, until the service closes the connection or falls silent."
    with socket.create_connection(('127.0.0.1', service.port), timeout=seconds) as place:
        place.settimeout(seconds)
        said = b''
        try:
            for piece in pieces: place.sendall(piece)
            while piece := place.recv(2**16): said += piece
        except OSError: pass
        return said


def statuses(said): return [int(part[:3]) for part in said.split(b'HTTP/1.1 ')[1:]]


# ---- clients

@pytest.mark.parametrize('headers', [
    LENGTH+b'Transfer-Encoding: chunked\r\n', LENGTH+b'Content-Length: 3\r\n', b'Content-Length: -1\r\n',
    b'Content-Length: 1e3\r\n', LENGTH+b'X-Own: a\rb\r\n', LENGTH+b'X\x00: a\r\n', LENGTH+b'Bad Name : a\r\n'])
def test_requests_that_two_servers_read_differently(plain, headers):
    "One of them could be made to see a second request in the body of the first."
    plain.small.asked.clear()
    said = statuses(raw(plain, HEAD+headers+b'\r\n'+BODY))
    assert 200 not in said and not plain.small.asked


def test_the_same_request_as_it_should_be(plain): assert statuses(raw(plain, HEAD+LENGTH+b'\r\n'+BODY))==[200]


def test_headers_without_end(plain):
    flood = (b'x-%d: ' % i+b'y'*1000+b'\r\n' for i in range(20_000))
    begun = time.monotonic()
    assert 200 not in statuses(raw(plain, HEAD, *flood)) and time.monotonic()-begun<3


def test_requests_on_one_connection_before_their_answers(plain):
    asked = HEAD+LENGTH+b'\r\n'+BODY
    assert statuses(raw(plain, asked*20+HEAD+LENGTH+b'Connection: close\r\n\r\n'+BODY, seconds=5.))==[200]*21


def test_an_upgrade_that_is_not_served(plain):
    said = raw(plain, HEAD+LENGTH+b'Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'+BODY)
    assert statuses(said)[:1] in ([200], [400])


def test_a_body_of_single_bytes():
    "It takes no more memory than one of large pieces."
    pieces = iter([dict(type='http.request', body=b'x', more_body=True)]*2000+[dict(type='http.request')])
    async def receive(): return next(pieces)
    assert asyncio.run(read_body(receive, 10**6, 9.))==b'x'*2000


@pytest.mark.parametrize('body', [
    BODY.decode().encode('utf-16'), b'\x1f\x8b'+BODY, b'\xef\xbb\xbf'+BODY, b'{"model":"llmr","n":'+b'9'*5000+b'}',
    b'{"model":"llmr","messages":'+b'['*100_000, b'"'*1000, b'{"model":{"llmr":1}}', b'{"a":1}'*9])
def test_bodies_that_are_none(plain, body):
    status, _, said = ask(plain, body)
    assert status==400 and json.loads(said)['error']['code']=='invalid_body'


@pytest.mark.parametrize('body,said', [
    (b'{"model":"llmr","messages":[{"role":"user","content":"add \\ud800"}],"model":"llmr"}', '"model":"org/A"}'),
    (b'{"mod\\u0065l":"llmr","messages":[{"role":"user","content":"add"}],"seed":NaN}', '"mod\\u0065l":"org/A"'),
    (b'{"model":"llmr","messages":[{"role":"user","content":"add"},7,null,"x",[]],"tools":"x"}', '7,null')])
def test_odd_bodies_pass(plain, body, said):
    plain.small.asked.clear()
    plain.small.faults = [Said('application/json', (b'{"choices": [1]}',))]
    assert ask(plain, body)[0]==200 and said in plain.small.asked[0][2].decode()


def test_more_prompts_than_anybody_asks_for(plain):
    status, headers, _ = ask(plain, dict(prompt=[f'add {i}' for i in range(20_000)]), '/v1/completions')
    assert (status, headers['x-llmr-model'], headers['x-llmr-policy'])==(200, 'B', 'too many texts')
    assert 'x-llmr-score' not in headers


@pytest.mark.parametrize('name', ['llmr-nan', 'llmr-1e999', 'llmr-', 'llmr-0.5-0.5', 'llmr\n', 'llmr-small-large'])
def test_names_that_are_none(plain, name): assert ask(plain, dict(model=name) | ADD)[0]==404


@pytest.mark.parametrize('grade', [
    dict(score=float('nan')), dict(score=True), dict(score=1e400), dict(model=['small'], passed=True),
    dict(passed='yes'), dict(n_passed=10**400, n_tests=1), [], None, dict(tests=['passed']*3, score=1)])
def test_grades_that_are_none(plain, grade):
    id_ = ask(plain, ADD)[1]['x-llmr-request-id']
    assert ask(plain, json.dumps(grade).encode(), f'/v1/outcomes/{id_}')[0]==400


def test_the_key_of_a_long_conversation_is_computed_once():
    fields = dict(model='llmr', tools=[{}], messages=[dict(role='user', content='x')]*2)
    request = read_request(json.dumps(fields).encode())
    request.task.opening.append(request.conversation())
    assert request.conversation()==request.task.opening[-1]


def test_a_prompt_of_one_number():
    "What grew with the square of its digits stopped all scores for seconds."
    begun = time.process_time()
    counts = hand_features(['Add.\nassert '+'1'*20_000, 'x\nassert 1.5.25 12.75'])
    assert time.process_time()-begun<.5 and counts.floats.tolist()==pytest.approx([0, 1.0986], abs=1e-4)


# ---- servers

@pytest.mark.parametrize('asked', ['nan', 'inf', '-1', '\u2192', ''])
def test_a_pause_that_is_none(plain, asked):
    plain.small.faults = [Said('text/plain', (), 429, {'retry-after': asked})]*2
    status, found, _ = ask(plain, ADD)
    assert status==200 and found['x-llmr-model'] in 'AB'


def test_a_pause_in_other_letters_for_both_models(plain):
    for stub in (plain.small, plain.large): stub.faults = [Said('text/plain', (), 429, {'retry-after': '\u2192'})]*2
    assert ask(plain, ADD)[0]==502
    plain.large.faults.clear()


@pytest.mark.parametrize('status', [600, 999, 226])
def test_a_status_of_its_own(plain, status):
    plain.small.faults = [Said('application/json', (b'{"choices": [1]}',), status)]*2
    assert ask(plain, ADD)[0]==(200 if status>=300 else status)


def test_headers_that_speak_for_the_service(plain):
    said = {'x-llmr-model': 'evil', 'X-LLMR-Request-Id': 'evil', 'set-cookie': 'a=b', 'alt-svc': 'h3="evil:443"'}
    plain.small.faults = [Said('application/json', (b'{"choices": [1]}',), headers=said)]
    _, headers, _ = ask(plain, ADD)
    assert 'evil' not in str(headers) and 'set-cookie' not in headers


def test_a_body_that_is_longer_or_shorter_than_it_says(plain):
    for length,n_body in ((5, 500), (500, 5)):
        said = Said('application/json', (b'x'*n_body,), headers={'content-length': str(length)})
        plain.small.faults, begun = [said]*2, time.monotonic()
        assert ask(plain, ADD)[0]==200 and time.monotonic()-begun<4


@pytest.mark.parametrize('encoding', ['gzip', 'br', 'zstd', 'deflate'])
def test_what_is_not_packed_as_it_says(plain, encoding):
    plain.small.faults = [Said('application/json', (b'{"choices": []}',), headers={'content-encoding': encoding})]*2
    status, headers, _ = ask(plain, ADD)
    assert (status, headers['x-llmr-model'])==(200, 'B')


def test_a_stream_without_a_line_end_costs_no_more_than_others():
    tally, begun = Tally(True), time.process_time()
    for _ in range(20_000): tally.add(b'data: {"choices":[{"delta":{"content":"'*4)
    assert time.process_time()-begun<1 and len(tally.line)<=2**20 and tally.tokens()==(None, 0, 'pieces')


def test_every_attack_that_was_decided_is_in_the_log_once(plain):
    ids = [row['id'] for row in rows(plain)]
    assert len(ids)==len(set(ids))
