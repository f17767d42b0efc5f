"Naming servers, headers, and what answers cost."
import json

import pytest

from llmr.core import InputError
from llmr.upstreams import Tally, Upstream, parse_upstream, returned_headers, sent_headers

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
    asked = [(name, 'client-secret') for name in ('Authorization', 'API-Key', 'X-Api-Key', 'Cookie', 'x-llmr-task-id')]
    upstream = Upstream('small', 'A', 'http://h/v1', 'A')
    assert sent_headers(asked, upstream)==[('accept-encoding', 'identity')]
    assert ('Content-Type', 'x') in sent_headers([('Content-Type', 'x'), ('Host', 'y'), ('TE', 'z')], upstream)
    answered = [('Set-Cookie', 'x'), ('Connection', 'X-Own, close'), ('x-own', '1'), ('a', 'b')]
    assert returned_headers(answered)==[('a', 'b')]


@pytest.mark.parametrize('usage,tokens', [
    (dict(prompt_tokens=3, completion_tokens=2), (3, 2, 'usage')),
    (dict(input_tokens=3, output_tokens=2), (3, 2, 'usage')),
    (None, (None, None, '')), ([], (None, None, '')), (dict(prompt_tokens='3'), (None, None, 'usage')),
    (dict(total_tokens=9, completion_tokens=True), (None, None, 'usage'))])
def test_usage(usage, tokens):
    tally = Tally(False)
    for letter in json.dumps(dict(choices=[], usage=usage)): tally.add(letter.encode())
    assert tally.tokens()==tokens


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
    assert tally.tokens()==(None, 7, 'usage') and len(tally.tail)+len(tally.line)+len(tally.head)<50_000
    assert tally.pieces==3000
