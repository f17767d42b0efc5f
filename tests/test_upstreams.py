"Naming servers, headers, and what answers cost."
import json

import pytest

from llmr.core import InputError
from llmr.gateway import Prices
from llmr.upstreams import Tally, Upstream, no_answer, parse_upstream, returned_headers, sent_headers, sent_query

KEYS = dict(OPENAI_API_KEY='openai', LLMR_SMALL_KEY='small', LLMR_LARGE_KEY='')


@pytest.mark.parametrize('text,name,url,model,key', [
    ('http://h:1/v1/A', 'A', 'http://h:1/v1', 'A', ''),
    ('https://h/x/v1/org/A', 'org/A', 'https://h/x/v1', 'org/A', ''),
    ('B=http://h/v1/A', 'B', 'http://h/v1', 'A', ''), ('org/B=http://h/v1/A', 'org/B', 'http://h/v1', 'A', ''),
    ('https://api.openai.com/v1/gpt', 'gpt', 'https://api.openai.com/v1', 'gpt', 'openai'),
    ('http://api.openai.com/v1/gpt', 'gpt', 'http://api.openai.com/v1', 'gpt', ''), # not without encryption
    ('https://api.openai.com.evil.example/v1/g', 'g', 'https://api.openai.com.evil.example/v1', 'g', ''),
    ('http://[::1]:80/v1/A', 'A', 'http://[::1]:80/v1', 'A', ''), ('http://h/v1/a=b', 'a=b', 'http://h/v1', 'a=b', '')])
def test_where_a_model_is(text, name, url, model, key):
    found = parse_upstream('large', text, KEYS)
    assert (found.name, found.url, found.model, found.key)==(name, url, model, key)
    assert not key or key not in repr(found).replace('openai.com', '')


@pytest.mark.parametrize('text', ['', 'A', '/v1/A', 'http:///v1/A', 'http://h', 'http://h/', 'http://h/v1/',
                                  'h:80/v1/A', 'A=B', 'file:///v1/A', 'http://user@h/v1/A', 'http://h/v1?key=x/A'])
def test_what_is_no_address(text):
    with pytest.raises(InputError, match='give URL/NAME.*LLMR_SMALL_KEY'): parse_upstream('small', text, {})


def test_credentials_stay_where_they_belong():
    names = ('Authorization', 'API-Key', 'X-Api-Key', 'Cookie', 'x-llmr-task-id', 'X-Goog-Api-Key', 'X-Auth-Token',
             'Ocp-Apim-Subscription-Key', 'CF-Access-Client-Secret', 'X-Amz-Security-Token', 'Helicone-Auth', 'api_key',
             'OpenAI-Organization', 'x-portkey-api-key', 'X-Forwarded-Access-Token', 'Proxy-Authorization')
    asked = [(name, 'client-secret') for name in names]
    upstream = Upstream('small', 'A', 'http://h/v1', 'A')
    assert sent_headers(asked, upstream)==[('accept-encoding', 'identity')]
    assert ('Content-Type', 'x') in sent_headers([('Content-Type', 'x'), ('Host', 'y'), ('TE', 'z')], upstream)
    answered = [('Set-Cookie', 'x'), ('Connection', 'X-Own, close'), ('x-own', '1'), ('a', 'b')]
    assert returned_headers(answered)==[('a', 'b')]
    kept = [('Idempotency-Key', 'x'), ('X-Max-Tokens', '3'), ('anthropic-version', 'y'), ('Authority', 'z')]
    assert sent_headers(kept, upstream)[:-1]==kept


def test_who_decided_is_said_by_the_service_alone():
    assert returned_headers([('X-LLMR-Model', 'evil'), ('x-llmr-cost-usd', '0'), ('x-llmrs', '1')])==[('x-llmrs', '1')]


@pytest.mark.parametrize('query,sent', [
    ('', ''), ('key=s', ''), ('api-version=1&API_KEY=s&x', '?api-version=1&x'),
    ('access_token=s&&beta=true', '?beta=true'),
    ('keys=1&monkey=2', '?keys=1&monkey=2'), ('subscription-key=s', '')])
def test_keys_in_an_address(query, sent): assert sent_query(query)==sent


@pytest.mark.parametrize('encoding,kept', [('gzip', 0), ('BR', 0), ('identity', 2), ('gzip, gzip', 2)])
def test_what_is_unpacked_is_not_said_to_be_packed(encoding, kept):
    assert len(returned_headers([('Content-Encoding', encoding), ('content-length', '9')]))==kept


@pytest.mark.parametrize('key', ['a b', 'a\nb', 'sch\xfcssel'])
def test_a_key_that_no_header_can_carry(key):
    with pytest.raises(InputError, match='LLMR_SMALL_KEY holds'):
        parse_upstream('small', 'http://h/v1/A', dict(LLMR_SMALL_KEY=key))
    assert parse_upstream('small', 'http://h/v1/A', dict(LLMR_SMALL_KEY=' k\n')).key=='k'


@pytest.mark.parametrize('usage,tokens', [
    (dict(prompt_tokens=3, completion_tokens=2), (3, 2, 'usage')),
    (dict(input_tokens=3, output_tokens=2), (3, 2, 'usage')),
    (None, (None, None, '')), ([], (None, None, '')), (dict(prompt_tokens='3'), (None, None, 'usage')),
    (dict(total_tokens=9, completion_tokens=True), (None, None, 'usage')), ('text', (None, None, '')),
    (dict(prompt_tokens=10**400, completion_tokens=-1), (None, None, 'usage')),
    (dict(prompt_tokens=1e300, completion_tokens=5), (None, 5, 'usage'))])
def test_usage(usage, tokens):
    tally = Tally(False)
    for letter in json.dumps(dict(choices=[], usage=usage, response='text', message=[3])): tally.add(letter.encode())
    assert tally.tokens()==tokens
    Prices(dict(small=(1e308, 1e308))).cost('small', *tally.tokens()[:2])


PIECE = b'data: {"choices":[{"delta":{"content":"x"}}],"usage":null}\n\n'


@pytest.mark.parametrize('events,tokens', [
    ([PIECE]*3, (None, 3, 'pieces')),
    ([PIECE, b'data: {"usage":{"prompt_tokens":7,"completion_tokens":3}}\r\n\r\n', PIECE, b'data: [DONE]\n\n'],
     (7, 3, 'usage')),
    ([b'data:{"usage":{"prompt_tokens":7,"completion_tokens":%d}}\n\n' % i for i in range(1, 5)], (7, 4, 'usage')),
    ([b'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":7,'
      b'"output_tokens":1}}}\n\n',
      b'data: {"type":"message_delta","usage":{"output_tokens":15}}\n\n'], (7, 15, 'usage')),
    ([b'data: {"type":"response.completed","response":{"output":"'+b'x'*50_000+b'","usage":{"input_tokens":7,'
      b'"output_tokens":3}}}\n\n'], (7, 3, 'usage')),
    ([b': ping\n\n', PIECE, b'data: {"choices":[{"delta":{"content":"\\"usage\\": {}"}}]}\n\n'], (None, 2, 'pieces'))])
@pytest.mark.parametrize('size', [1, 9, 10**6])
def test_counts_of_a_stream(events, tokens, size):
    tally, text = Tally(True), b''.join(events)
    for at in range(0, len(text), size): tally.add(text[at:at+size])
    assert tally.tokens()==tokens and not tally.fails


@pytest.mark.parametrize('event', [
    b'data: {"error": {"message": "x"}}', b'data: {"error":"x","error_type":"generation"}', b'event: error\ndata: {}',
    b'data: {"object":"error","message":"x"}', b'event: response.failed\ndata: {"type":"response.failed"}',
    b'data: {"id":"x","error":{"code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}'])
def test_an_error_in_the_middle_of_a_stream(event):
    tally = Tally(True)
    for letter in PIECE+event+b'\n\n': tally.add(bytes([letter]))
    assert tally.fails and tally.tokens()[1] in (1, 2)


JSON, EVENTS = 'application/json', 'text/event-stream'


@pytest.mark.parametrize('kind,first', [
    (JSON, b'{"choices": [], "error": null}'), (JSON, b'{"choi'), (JSON, b'[1, 2]'), (JSON, b'null'),
    (JSON, b'{"object": "response", "output": [3], "error": {"code": 1}}'),
    (JSON, b'{"choices": [{"text": "error"}], "error": {"message": "a warning"}}'), (EVENTS, PIECE),
    (EVENTS, b': ping\n\n'+PIECE), (EVENTS, b'data: {"choices": [], "prompt_filter": 1}\n\n'),
    (EVENTS, PIECE+b'data: {"error": {}}\n\n'),
    (EVENTS, b'event: response.created\ndata: {"response": {"error": null}}\n\n'),
    ('', b'{"choices": [1]}'), ('text/plain', PIECE), ('application/octet-stream', b'\x00')])
def test_what_is_an_answer(kind, first): assert no_answer(kind, first)==('', False)


@pytest.mark.parametrize('kind,first,said,final', [
    (JSON, b'', 'empty', False), (JSON, b'\n \n', 'empty', False),
    (EVENTS, b': ping\n\n: ping\n\n', 'empty', False),
    (EVENTS, b'data: [DONE]\n\n', 'empty', False), ('text/html', b'<html>', 'page', True),
    (JSON, b'{"error": {"message": "full", "code": 503}}', ': full', False),
    (JSON, b'{"error": "full"}', ': full', False),
    (JSON, b'\n\n{"error": {"code": "overloaded"}, "choices": null}', ': overloaded', False),
    (JSON, b'[{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}]', ': bad', True),
    (JSON, b'{"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}}', ': bad', True),
    (JSON, b'{"object": "error", "message": "bad", "code": 404}', ': bad', True),
    (JSON, b'{"object": "response", "status": "failed", "error": {"message": "full"}, "output": []}', ': full', False),
    (EVENTS, b'data:{"error":{"message":"full"}}\r\n\r\ndata: [DONE]\r\n\r\n', ': full', False),
    (EVENTS, b': a\n\nevent: error\ndata: {"error":\ndata: "full"}\n\n', ': full', False),
    (EVENTS, b'data: {"error":"too long","error_type":"validation"}', ': too long', True),
    (EVENTS, b'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"message":"full"}}}',
     ': full', False),
    ('text/plain', b'data: {"error": {"message": "full"}}\n\n', ': full', False)])
def test_what_is_none(kind, first, said, final):
    found = no_answer(kind, first)
    assert said in found[0] and found[1]==final


@pytest.mark.parametrize('body', [b'', b'{', b'<html>', b'[[', b'null', b'\xff', b'{"usage": {}', b'{"a":'*3000])
def test_what_is_no_answer(body):
    for streams in (True, False):
        tally = Tally(streams)
        tally.add(body)
        assert tally.tokens()[:2] in ((None, None), (None, 0)) and tally.response_id()==''


def test_a_long_stream_is_not_kept():
    tally = Tally(True)
    for _ in range(3000): tally.add(b'data: {"choices":[{"delta":{"content":"'+b'x'*1000+b'"}}]}\n\n')
    tally.add(b'data: {"usage":{"completion_tokens":7}}\n\n')
    assert tally.tokens()==(None, 7, 'usage') and sum(map(len, filter(None, (
        tally.tail, tally.line, tally.head, tally.first_count, tally.last_count))))<50_000
    assert tally.pieces==3000
