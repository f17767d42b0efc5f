"The service: bytes, names, headers, faults, the log. Upstreams are stubs in this process."
import asyncio
import gzip
import http.client
import json
import socket
import threading
import time
import zlib
from dataclasses import replace

import numpy as np
import pytest
from serve_stubs import Lengths, Said, served

from llmr import gateway
from llmr.budget import BudgetedCascade, Order, budget_taus
from llmr.drift import Drift, withdraw
from llmr.prompt_tests import Checker
from llmr.relay import make_tracer
from llmr.request_log import read_lines

ADD, PARSE = (dict(messages=[dict(role='user', content=text)]) for text in ('add two numbers', 'parse brackets'))
TOOL = dict(type='function', function=dict(name='ls', strict=True, parameters=dict(
    type='object', properties=dict(path={'type': ['string', 'null'], 'default': None}), additionalProperties=False)))


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    "A service with a log, for tests that leave its stubs as they were."
    with served(tmp_path_factory.mktemp('plain')) as service: yield service


def ask(service, asked, path='/v1/chat/completions', method='POST', **headers):
    "`(status, headers, body)` of one request; `asked` as an object or as bytes."
    connection = http.client.HTTPConnection('127.0.0.1', service.port, timeout=10)
    body = asked if isinstance(asked, (bytes, type(None))) else json.dumps(dict(model='llmr') | asked).encode()
    named = {'content-type': 'application/json'} | {name.replace('_', '-'): value for name,value in headers.items()}
    try:
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally: connection.close()


def get(service, path, **headers): return ask(service, None, path, 'GET', **headers)
def rows(service): return list(read_lines(service.log.folder/'decisions'))


def wait_for(found, seconds=9.):
    "Wait until something is true; returns it."
    end = time.monotonic()+seconds
    while not (value := found()) and time.monotonic()<end: time.sleep(.01)
    return value


BREAKING = [
    b'{"messages":[{"role":"user","content":"add"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1",'
    b'"type":"function","function":{"name":"ls","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":""}],'
    b'"model":"llmr"}',
    b'{"model": "llmr" , "messages":[{"role":"user","content":[{"type":"text","text":"add"},{"type":"image_url",'
    b'"image_url":{"url":"data:image/png;base64,AA=="}}]}],"stream" : false}',
    json.dumps(dict(model='llmr', tools=[TOOL], tool_choice='auto', parallel_tool_calls=False) | ADD).encode(),
    json.dumps(dict(response_format=dict(type='json_schema', json_schema=dict(name='x', schema={}, strict=True)), n=2,
                    seed=2**63, logprobs=True, top_logprobs=3, stop=['\n\n', 'é'], model='llmr', **ADD)).encode(),
    '{"messages":[{"role":"user","content":"add \\ud83d\\ude00 é\\u00e9"}],"x_new":{"model":"llmr"},"model":"llmr",'
    '"temperature":1.0e+0}\n'.encode()]


@pytest.mark.parametrize('body', BREAKING)
def test_what_breaks_others_passes_byte_for_byte(plain, body):
    status, headers, got = ask(plain, body, x_stainless_lang='python', authorization='Bearer mine')
    path, sent_headers, sent = plain.small.asked[-1]
    assert status==200 and headers['x-llmr-model']=='A' and headers['x-own']=='org/A'
    replaced = [body.replace(b'"llmr"', b'"org/A"'), body.replace(b'"model":"llmr",', b'"model":"org/A",')]
    assert sent in (replaced[0], body[::-1].replace(b'"rmll"', b'"A/gro"', 1)[::-1])
    assert sent_headers['Authorization']=='Bearer small-key' and sent_headers['x-stainless-lang']=='python'
    assert json.loads(got)['echo']==json.loads(sent) and got.startswith(b'{\n   "id"')


def test_a_stream_is_relayed_as_it_comes(plain):
    plain.large.delay = .15
    connection = http.client.HTTPConnection('127.0.0.1', plain.port, timeout=10)
    connection.request('POST', '/v1/chat/completions', json.dumps(dict(model='llmr', stream=True) | PARSE))
    response = connection.getresponse()
    begun, times = time.monotonic(), []
    while line := response.readline(): times.append((time.monotonic()-begun, line))
    plain.large.delay = 0.
    assert response.headers['x-llmr-model']=='B' and response.headers['x-llmr-request-id'].startswith('req-')
    assert times[0][0]<.1<.25<times[-1][0] and times[-2][1]==b'data: [DONE]\n'
    assert b''.join(line for _,line in times).count(b'data: {"model": "B"')==3


@pytest.mark.parametrize('name,model,policy', [
    ('llmr', 'A', 'router'), ('llmr-0.95', 'B', 'tau'), ('llmr--1', 'A', 'tau'), ('llmr-1e-3', 'A', 'tau'),
    ('llmr-small', 'A', 'small'), ('llmr-large', 'B', 'large')])
def test_names(plain, name, model, policy):
    status, headers, _ = ask(plain, ADD | dict(model=name))
    assert (status, headers['x-llmr-model'], headers['x-llmr-policy'])==(200, model, policy)
    assert headers['x-llmr-score']=='0.9' and float(headers['x-llmr-overhead-ms'])<1000


@pytest.mark.parametrize('path,fields', [
    ('completions', dict(prompt='add')), ('completions', dict(prompt=['add', 'add 2'])),
    ('responses', dict(input='add')),
    ('responses?include=x', dict(input=[dict(role='user', content=[dict(type='input_text', text='add')])]))])
def test_other_addresses(plain, path, fields):
    status, headers, _ = ask(plain, fields, f'/v1/{path}')
    assert status==200 and headers['x-llmr-model']=='A' and plain.small.asked[-1][0]==f'/v1/{path.partition("?")[0]}'


def test_one_prompt_of_a_batch_for_the_large_model_takes_all_there(plain):
    assert ask(plain, dict(prompt=['add', 'parse']), '/v1/completions')[1]['x-llmr-model']=='B'


@pytest.mark.parametrize('asked,status,code,message', [
    (b'no', 400, 'invalid_body', 'not a JSON object'), (b'[1]', 400, 'invalid_body', 'not a JSON object'),
    (b'{"model": "llmr"', 400, 'invalid_body', 'expected'), (b'\xff\xfe', 400, 'invalid_body', 'not UTF-8'),
    (b'{"a":'*3000, 400, 'invalid_body', 'not a JSON object'), (b'{"messages": []}', 400, 'invalid_body', 'no model'),
    (dict(model='gpt-4o'), 404, 'model_not_found', 'choose from llmr, llmr-small'),
    (dict(model='llmr-nan'), 404, 'model_not_found', 'llmr-TAU'), (dict(model=7), 400, 'invalid_body', 'no model')])
def test_what_is_refused(plain, asked, status, code, message):
    found = ask(plain, asked)
    error = json.loads(found[2])['error']
    assert (found[0], error['code'])==(status, code) and message in error['message'] and 'type' in error
    assert ask(plain, ADD)[0]==200


@pytest.mark.parametrize('depth', [100, 300, 500, 700, 900, 2000])
def test_what_is_nested_deep_is_answered_or_refused(plain, depth):
    body = b'{"model":"llmr","tools":[1],"messages":[{"role":"user","content":"add"},{"role":"user","x":%s}]}'
    status, _, answer = ask(plain, body % (b'['*depth+b']'*depth))
    assert status==200 or status==400 and json.loads(answer)['error']['code']=='invalid_body'


def test_addresses_that_are_not_there(plain):
    missing = ('GET', '/v1/chat/completions', 405), ('GET', '/nowhere', 404), ('POST', '/health', 405)
    for method,path,status in missing:
        found = ask(plain, None, path, method)
        assert found[0]==status and 'error' in json.loads(found[2])


def test_what_there_is(plain):
    listed = json.loads(get(plain, '/v1/models')[2])['data']
    assert [card['id'] for card in listed]==['llmr', 'llmr-small', 'llmr-large'] and listed[0]['llmr']['share']==.5
    assert json.loads(get(plain, '/v1/models/llmr-0.25')[2])['llmr']['tau']==.25
    assert get(plain, '/v1/models/x')[0]==404 and get(plain, '/health')[0]==200
    assert json.loads(get(plain, '/ready')[2])['upstreams']==dict(small='ok', large='ok')


def test_a_prompt_without_text_goes_to_the_large_model(plain):
    image = dict(messages=[dict(role='user', content=[dict(type='image_url', image_url=dict(url='data:'))])])
    _, headers, _ = ask(plain, image)
    assert (headers['x-llmr-model'], headers['x-llmr-policy'])==('B', 'no text') and 'x-llmr-score' not in headers


def test_every_request_is_in_the_log_once(plain):
    ids = [ask(plain, asked, x_llmr_task_id='t 1')[1]['x-llmr-request-id'] for asked in (ADD, PARSE, ADD)]
    written = [row for row in rows(plain) if row['id'] in ids]
    assert [row['id'] for row in written]==ids and {row['task_id'] for row in written}=={'t 1'}
    assert [(row['model'], row['to_small'], row['tau']) for row in written[:2]]==[('A', True, .5), ('B', False, .5)]
    assert written[0]['group']==written[2]['group']!=written[1]['group'] and written[0]['n_tokens']==5
    assert 'add two numbers' not in json.dumps(written) and 'key' not in json.dumps(written)


def test_grades(plain):
    id_ = ask(plain, ADD)[1]['x-llmr-request-id']
    post = lambda grade, id_=id_: ask(plain, json.dumps(grade).encode(), f'/v1/outcomes/{id_}')
    assert json.loads(post(dict(n_passed=1, n_tests=2))[2])['score']==.5
    assert post(dict(score=.5))[0]==200 and post(dict(passed=True))[0]==409
    assert json.loads(post(dict(passed=True, model='large'))[2])['model']=='B'
    assert post(dict(passed=1))[0]==400 and post(dict(passed=True, model='C'))[0]==400
    assert post(dict(passed=True), 'req-x')[0]==404 and ask(plain, b'{', f'/v1/outcomes/{id_}')[0]==400
    assert [row['model'] for row in read_lines(plain.log.folder/'outcomes') if row['id']==id_]==['A', 'B']


@pytest.mark.parametrize('streams', [False, True])
@pytest.mark.parametrize('faults,model,n_small,said', [
    ([429], 'A', 2, None), ([500], 'A', 2, None), (['drop'], 'A', 2, None), ([503, 503], 'B', 2, 'status 503'),
    ([401], 'B', 1, 'status 401'), (['stall'], 'B', 1, 'no answer within 1 s')])
def test_faults_before_the_first_byte(plain, faults, model, n_small, said, streams):
    plain.small.asked.clear()
    plain.small.faults, n_rows = list(faults), len(rows(plain))
    status, headers, body = ask(plain, ADD | dict(stream=streams))
    assert (status, headers['x-llmr-model'], len(plain.small.asked))==(200, model, n_small)
    assert said is None and 'x-llmr-fallback' not in headers or said in headers['x-llmr-fallback']
    assert wait_for(lambda: len(rows(plain))==n_rows+1) and rows(plain)[-1]['model']==model


def test_a_pause_that_a_server_asks_for(plain):
    plain.small.retry_after, plain.small.faults = '0.3', [429]
    begun = time.monotonic()
    assert ask(plain, ADD)[1]['x-llmr-model']=='A' and .3<=time.monotonic()-begun<3
    plain.small.retry_after, plain.small.faults = '60', [429]
    assert ask(plain, ADD)[1]['x-llmr-model']=='B'
    plain.small.retry_after = None


@pytest.mark.parametrize('status', [400, 404, 422])
def test_what_a_server_says_of_a_wrong_request_is_its_answer(plain, status):
    plain.small.faults = [status]
    found = ask(plain, ADD)
    said = dict(error=dict(message=f'fault {status}'))
    assert (found[0], found[1]['x-llmr-model'], json.loads(found[2]))==(status, 'A', said)


@pytest.mark.parametrize('fault,said', [('cut', 'broke off'), ('stall later', 'sent nothing for 0.3 s')])
def test_faults_after_the_first_byte(plain, fault, said):
    plain.small.faults, n_rows = [fault], len(rows(plain))
    connection = http.client.HTTPConnection('127.0.0.1', plain.port, timeout=10)
    connection.request('POST', '/v1/chat/completions', json.dumps(dict(model='llmr', stream=True) | ADD))
    response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as cut: response.read()
    assert b'def f' in cut.value.partial and said in cut.value.partial.decode() and b'[DONE]' not in cut.value.partial
    assert wait_for(lambda: len(rows(plain))==n_rows+1)
    assert not rows(plain)[-1]['success'] and said in rows(plain)[-1]['causes'][0]


ERROR = b'data: {"error":{"message":"full"}}\n\n'
EVENT = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'


@pytest.mark.parametrize('said,cause', [
    (Said('application/json', ()), 'empty'), (Said('application/json', (), 204), 'empty'),
    (Said('text/html', (b'<html>',)), 'page for browsers'),
    (Said('text/plain', (), 307, {'location': '/x'}), 'status 307'),
    (Said('text/plain', (), 402), 'status 402'), (Said('text/plain', (), 521), 'status 521'),
    (Said('application/json', (b'\n', b'{\n "err', b'or": "full"}'), pause=.02), ': full'),
    (Said('text/event-stream', (b': ping\n\n', b'data: {"er', b'ror":{"message":"full"}}\n\n'), pause=.02), ': full')])
def test_a_success_that_is_none(plain, said, cause):
    plain.small.faults = [said, said]
    status, headers, _ = ask(plain, ADD | dict(stream='event' in said.kind))
    assert (status, headers['x-llmr-model'])==(200, 'B') and cause in headers['x-llmr-fallback']
    plain.small.faults.clear()


def test_a_server_that_says_that_it_is_alive_is_waited_for_and_then_relayed(plain):
    "Comments come before the first event; at the end of the patience for it they are passed on."
    plain.small.faults = [Said('text/event-stream', (b': ping\n\n',)*7+(EVENT,), pause=.2)]
    begun = time.monotonic()
    status, headers, body = ask(plain, ADD | dict(stream=True))
    assert (status, headers['x-llmr-model'], body)==(200, 'A', b': ping\n\n'*7+EVENT) and time.monotonic()-begun<3


def test_an_error_after_the_first_event_is_no_success(plain):
    plain.small.faults, n_rows = [Said('text/event-stream', (EVENT, ERROR))], len(rows(plain))
    assert ask(plain, ADD | dict(stream=True))[2]==EVENT+ERROR
    assert wait_for(lambda: len(rows(plain))==n_rows+1) and not rows(plain)[-1]['success']
    assert 'in the middle' in rows(plain)[-1]['causes'][0]


@pytest.mark.parametrize('packed', [gzip.compress, zlib.compress])
def test_a_server_that_packs_unasked(plain, packed):
    answer = b'{"choices":[{"index":0,"message":{"content":"x"}}],"usage":{"prompt_tokens":7,"completion_tokens":5}}'
    names, n_rows = {gzip.compress: 'gzip', zlib.compress: 'deflate'}, len(rows(plain))
    plain.small.faults = [Said('application/json', (packed(answer),), headers={'content-encoding': names[packed]})]
    status, headers, body = ask(plain, ADD)
    assert (status, headers['x-llmr-model'], body)==(200, 'A', answer) and 'content-encoding' not in headers
    assert wait_for(lambda: len(rows(plain))==n_rows+1) and rows(plain)[-1]['n_prompt_tokens']==7


@pytest.mark.parametrize('before,after,more', [('', '/', ''), ('//', '', ''), ('', '//', '?api-key=mine')])
def test_a_slash_too_many(plain, before, after, more):
    path = f'{before}/v1/chat/completions{after}{more}'
    plain.small.asked.clear()
    assert ask(plain, ADD, path)[0]==200 and plain.small.asked[0][0]=='/v1/chat/completions'


def test_a_prompt_whose_tests_take_long_to_read_is_routed_without(plain, monkeypatch):
    monkeypatch.setattr(gateway, 'READ_S', .05)
    monkeypatch.setattr(gateway, 'find_tests', lambda text: time.sleep(.3) or ('assert f(1) == 1',))
    decider = plain.service.decider
    monkeypatch.setattr(decider, 'options', replace(decider.options, verify=True))
    begun = time.monotonic()
    status, headers, _ = ask(plain, dict(messages=[dict(role='user', content='add, and read slowly')]))
    assert (status, headers['x-llmr-policy'])==(200, 'router') and time.monotonic()-begun<3


@pytest.mark.parametrize('task,logged', [(11, '11'), (' t1 ', 't1'), (True, None), (['x'], None), (' ', None)])
def test_the_task_that_a_client_names(plain, task, logged):
    n_rows = len(rows(plain))
    assert ask(plain, ADD | dict(metadata=dict(task_id=task)))[0]==200
    assert wait_for(lambda: len(rows(plain))==n_rows+1)
    assert rows(plain)[-1]['task_id']==(logged or rows(plain)[-1]['id'])


def test_a_client_that_leaves_ends_the_generation(plain):
    for stage in ('stall', 'stall later'):
        plain.small.left.clear()
        plain.small.faults, n_rows = [stage], len(rows(plain))
        with socket.create_connection(('127.0.0.1', plain.port)) as client:
            body = json.dumps(dict(model='llmr', stream=True) | ADD).encode()
            head = f'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n'
            client.sendall(head.encode()+body)
            assert wait_for(lambda: plain.small.asked and not plain.small.faults)
            time.sleep(.05)
        begun = time.monotonic()
        assert wait_for(lambda: plain.small.left) and plain.small.left[0]-begun<1
        assert wait_for(lambda: len(rows(plain))==n_rows+1) and not rows(plain)[-1]['success']
    assert plain.service.active==0


def test_a_client_that_sends_slowly(plain):
    with socket.create_connection(('127.0.0.1', plain.port), timeout=5) as client:
        client.sendall(b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"mod')
        assert client.recv(100).startswith(b'HTTP/1.1 408')
    assert wait_for(lambda: plain.service.active==0)


def test_a_client_whose_headers_do_not_come(plain, monkeypatch):
    monkeypatch.setattr('llmr.serve.HEADERS_S', .2)
    for start in (b'', b'POST /v1/chat/completions HTTP/1.1\r\nhost:'):
        with socket.create_connection(('127.0.0.1', plain.port), timeout=5) as client:
            client.sendall(start)
            assert client.recv(100)==b''
    assert ask(plain, ADD)[0]==200


def test_a_long_body_and_a_slow_reader(plain):
    long = 'x'*9*10**6
    assert ask(plain, dict(messages=[dict(role='user', content=f'add {long}')]))[1]['x-llmr-model']=='A'
    short = plain.small.text, plain.large.text
    plain.small.text = plain.large.text = long # whichever answers
    n_rows = len(rows(plain))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(('127.0.0.1', plain.port))
        body = json.dumps(dict(model='llmr', stream=True) | PARSE).encode()
        head = f'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n'
        client.sendall(head.encode()+body)
        cut = lambda: any(not row['success'] for row in rows(plain)[n_rows:])
        assert wait_for(cut, 30) # it reads nothing
    plain.small.text, plain.large.text = short
    assert wait_for(lambda: plain.service.active==0, 10)
    assert ask(plain, PARSE)[0]==200


def test_a_page_of_another_site(plain):
    assert ask(plain, ADD, origin='https://evil.example')[0]==403
    assert ask(plain, ADD, origin='http://localhost:3000')[0]==200


def test_metrics(plain):
    assert ask(plain, ADD)[0]==200
    text = get(plain, '/metrics')[2].decode()
    assert 'llmr_requests_total{model="A",policy="router",status="200"}' in text
    assert 'llmr_drift_log_wealth ' in text and 'llmr_overhead_seconds_bucket{le="0.01"}' in text


def test_a_key_a_small_body_and_few_at_once(tmp_path):
    with served(key='secret', most_body=500, most_at_once=1) as service:
        assert ask(service, ADD)[0]==401 and ask(service, ADD, authorization='Bearer wrong')[0]==401
        assert get(service, '/v1/models')[0]==401 and get(service, '/health')[0]==200
        allowed = dict(authorization='Bearer secret')
        assert ask(service, ADD, **allowed)[0]==200 and get(service, '/metrics', **allowed)[0]==200
        assert ask(service, ADD | dict(x='y'*500), **allowed)[0]==413
        service.small.faults = ['stall']
        thread = threading.Thread(target=ask, args=(service, ADD), kwargs=allowed)
        thread.start()
        assert wait_for(lambda: service.service.active==1)
        status, headers, _ = ask(service, ADD, **allowed)
        assert (status, headers['retry-after'])==(429, '1')
        thread.join()
        assert ask(service, ADD, **allowed)[0]==200


def test_dead_models():
    with served(dead=('small',)) as service:
        _, headers, _ = ask(service, ADD)
        assert headers['x-llmr-model']=='B' and 'small model A: cannot be reached' in headers['x-llmr-fallback']
        assert ask(service, ADD | dict(model='llmr-small'))[0]==502
        assert json.loads(get(service, '/ready')[2])['upstreams']['large']=='ok'
        service.large.always = 500
        status, _, body = ask(service, ADD)
        message = json.loads(body)['error']['message']
        assert status==502 and 'small model A: cannot be reached' in message and 'large model B: answered' in message
    with served(dead=('small', 'large')) as service: assert get(service, '/ready')[0]==503


def test_a_conversation_stays_where_it_was_begun(plain):
    calls = dict(role='assistant', content=None, tool_calls=[dict(id='1')])
    begun = dict(messages=[dict(role='user', content='add, with a tool')], tools=[TOOL])
    plain.small.faults = [503, 503]
    assert ask(plain, begun)[1]['x-llmr-model']=='B'
    result = dict(messages=[*begun['messages'], calls, dict(role='tool', content='3')], tools=[TOOL])
    _, headers, _ = ask(plain, result)
    assert (headers['x-llmr-model'], headers['x-llmr-policy'])==('B', 'conversation')
    assert ask(plain, begun)[1]['x-llmr-model']=='A' # asked anew
    assert ask(plain, dict(input='parse', model='llmr-small'), '/v1/responses')[1]['x-llmr-model']=='A'
    later = ask(plain, dict(input='parse more', previous_response_id='resp_1'), '/v1/responses')[1]
    assert (later['x-llmr-model'], later['x-llmr-policy'])==('A', 'conversation')


def test_shadow(tmp_path):
    with served(tmp_path, shadow=1.) as service:
        service.large.delay, service.large.pieces, service.large.text = .2, 12, 'def f(x): return 2*x # twice'
        begun = time.monotonic()
        id_ = ask(service, ADD | dict(stream=True))[1]['x-llmr-request-id']
        assert time.monotonic()-begun<1.5 and wait_for(lambda: id_ in service.service.shadows)
        assert get(service, f'/v1/shadows/{id_}')[0]==425
        found = wait_for(lambda: service.service.shadows.find(id_), 9) and get(service, f'/v1/shadows/{id_}')
        assert found[0]==200 and found[1]['x-llmr-model']=='B' and found[2].endswith(b'data: [DONE]\n\n')
        assert (rows(service)[0]['weight'], rows(service)[0]['shadowed'])==(1., True)
        assert get(service, '/v1/shadows/x')[0]==404


@pytest.mark.parametrize('streams', [False, True])
def test_a_program_is_run_before_it_is_given(streams):
    checker = Checker(1)
    with served(verify=True, checker=checker) as service:
        service.small.text, service.large.text = '```python\ndef f(x):\n    return x+2\n```', 'large'
        for test,model,policy in (('f(2) == 4', 'A', 'verified'), ('f(3) == 6', 'B', 'escalated')):
            asked = dict(stream=streams, messages=[dict(role='user', content=f'parse\nassert {test}')])
            _, headers, body = ask(service, asked)
            assert (headers['x-llmr-model'], headers['x-llmr-policy'])==(model, policy)
            assert (b'x+2' in body)==(model=='A')
        assert ask(service, PARSE | dict(stream=streams))[1]['x-llmr-policy']=='router'
        service.large.always = 500
        assert ask(service, asked)[1]['x-llmr-model']=='A' # better than nothing


@pytest.mark.parametrize('budget,models', [(0, 'AAA'), (.4, 'ABA'), (.7, 'BBA'), (1, 'BBB')])
def test_a_budget_orders_what_was_shown(budget, models):
    """First to the large model goes a program that fails and whose prompt looks hard, then one that fails, then one
    that passes."""
    order = Order('passed', ((0.,), (1.,)), .5, .2)
    taus = budget_taus(order.score(np.array([[0.], [0.], [1.]]), np.array([.9, .1, .1])))
    cascade = BudgetedCascade(Lengths(), order, taus)
    with served(verify=True, checker=Checker(1), cascade=cascade, budget=budget) as service:
        service.small.text = '```python\ndef f(x):\n    return x+2\n```'
        prompts = ('add\nassert f(3) == 6', 'parse\nassert f(3) == 6', 'parse\nassert f(2) == 4')
        asked = [ask(service, dict(messages=[dict(role='user', content=text)]))[1]['x-llmr-model'] for text in prompts]
    assert ''.join(asked)==models


def test_spans(tmp_path):
    pytest.importorskip('opentelemetry', reason='no OpenTelemetry')
    with served(tmp_path, spans=True) as service:
        recorded = []
        service.service.record = lambda *span: recorded.append(span)
        assert ask(service, ADD, traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')[0]==200
        attributes, headers, seconds = recorded[0]
        assert attributes['gen_ai.usage.output_tokens']==5 and headers['traceparent'].startswith('00-0af') and seconds<5
    make_tracer()(attributes, headers, seconds)


def test_unlike_calibration_and_withdrawn(tmp_path):
    router = Lengths()
    router.calibration = router.calibration/2
    (tmp_path/'router').mkdir()
    with served(tmp_path/'router', router=router, unfamiliar='large') as service:
        assert ask(service, ADD)[1]['x-llmr-policy']=='unfamiliar' and ask(service, PARSE)[1]['x-llmr-policy']=='router'
        withdraw(tmp_path/'router', Drift('score'))
        service.service.decider.looked = -10.
        assert ask(service, PARSE)[1]['x-llmr-policy']=='withdrawn'
        assert 'withdrawn' in json.loads(get(service, '/v1/models')[2])['data'][0]['llmr']
        assert ask(service, ADD | dict(model='llmr-0.2'))[1]['x-llmr-policy']=='unfamiliar'


def test_prices(tmp_path):
    with served(tmp_path, prices=dict(small=(1., 2.)), log_prompts=True) as service:
        assert float(ask(service, ADD)[1]['x-llmr-cost-usd'])==(7*1+5*2)/1e6
        assert float(ask(service, ADD | dict(stream=True))[1]['x-llmr-cost-usd'])==17e-6 # the mean so far
        assert [row['cost_usd'] for row in rows(service)]==[17e-6, None]
        assert rows(service)[0]['prompt']=='add two numbers'
        assert 'x-llmr-cost-usd' not in ask(service, PARSE)[1]


def test_the_openai_client(plain):
    openai = pytest.importorskip('openai')
    client = openai.OpenAI(base_url=f'{plain.url}/v1', api_key='any', max_retries=0)
    said = client.chat.completions.create(model='llmr', **ADD)
    assert said.choices[0].message.content==plain.small.text and said.model=='org/A'
    pieces = client.chat.completions.create(model='llmr', stream=True, **PARSE)
    assert ''.join(piece.choices[0].delta.content for piece in pieces)==plain.large.text
    assert [model.id for model in client.models.list()]==['llmr', 'llmr-small', 'llmr-large']
    with pytest.raises(openai.NotFoundError, match='choose from llmr'):
        client.chat.completions.create(model='gpt', **ADD)
    async def both():
        "The asynchronous client."
        async with openai.AsyncOpenAI(base_url=f'{plain.url}/v1', api_key='any') as client:
            return await asyncio.gather(*[client.chat.completions.create(model='llmr', **asked)
                                          for asked in (ADD, PARSE)])
    assert [said.model for said in asyncio.run(both())]==['org/A', 'B']
