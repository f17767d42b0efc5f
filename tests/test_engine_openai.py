"Sampling from a server, including one that fails: no completion is lost or duplicated, and the key is never written."
import json
import logging
import time
from collections import Counter
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
from drawing import PROMPTS, SHORT, drawn, texts
from serving import breaking, serving
from tiny import tiny_llama

from llmr.core import InputError
from llmr.engine_openai import OpenAI, _read_stream
from llmr.engine_transformers import Transformers
from llmr.engines import Settings, make_requests

needs_openai = pytest.mark.skipif(
    find_spec('openai') is None, reason='needs the package openai, from pip install "llmr[openai]"')


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture(scope='module')
def plain(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('plain')/'plain', template=False)


@needs_openai
def test_a_failing_server_loses_and_duplicates_nothing(folder, caplog, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-of-the-test')
    wanted = drawn(Transformers(folder, SHORT))
    with serving(folder) as server, breaking(server.url, {2: 429, 4: 500, 6: 'drop', 8: 'stall'}, stall_s=4.) as proxy:
        sampler = OpenAI('tiny', SHORT, dict(base_url=proxy.url, concurrency=3, stall_s=1.5, first_pause_s=.05))
        rows = list(sampler(PROMPTS, 3))
        assert sorted(map(str, proxy.done))==['429', '500', 'drop', 'stall'] and proxy.count==16
        assert {asked['key'] for asked in server.asked}=={'Bearer sk-of-the-test'}
        assert 'sk-of-the-test' not in caplog.text
    found = {(request.prompt, request.sample): completion for request,completion in rows}
    assert len(rows)==12 and texts(found)==texts(wanted)
    counts = lambda completion: (completion.n_tokens, completion.finish_reason, completion.n_prompt_tokens)
    assert {key: counts(found[key]) for key in wanted}=={key: counts(completion) for key,completion in wanted.items()}


def test_split_surrogate_pairs_are_joined():
    def chunk(text, reason=None):
        choice = SimpleNamespace(text=text, logprobs=None, finish_reason=reason)
        return SimpleNamespace(usage=None, choices=[choice])
    for pieces,text in ((('a\ud83d', '\ude00b'), 'a\U0001f600b'), (('a\ud83d', 'b'), 'a\ufffdb')):
        assert _read_stream([*map(chunk, pieces), chunk('', 'stop')], 'plain').text==text


@needs_openai
def test_a_server_that_never_answers(folder):
    with serving(folder) as server, breaking(server.url, dict.fromkeys(range(1, 99), 500)) as proxy:
        sampler = OpenAI('tiny', SHORT, dict(base_url=proxy.url, tries=3, first_pause_s=.01))
        message = 'no answer in 3 tries .InternalServerError.*Finished completions are saved'
        with pytest.raises(InputError, match=message): drawn(sampler)
    unreachable = OpenAI('tiny', SHORT, dict(base_url='http://127.0.0.1:9/v1', tries=2, first_pause_s=.01))
    with pytest.raises(InputError, match='no answer in 2 tries .APIConnectionError'): drawn(unreachable)


@needs_openai
def test_an_answer_that_breaks_off(folder):
    with serving(folder) as server:
        sampler = OpenAI('tiny', SHORT, dict(base_url=server.url, tries=2, first_pause_s=.01, concurrency=1))
        came = []
        with pytest.raises(InputError, match='no answer in 2 tries .ConnectionError: the answer broke off'):
            for request,_ in sampler([*PROMPTS, 'BROKEN'], 1): came.append(request.prompt)
        assert came==PROMPTS


@needs_openai
def test_refused_requests(folder):
    cases = [
        ('NOKEY', 'refuses the key .401.*OPENAI_API_KEY'),
        ('ODD', 'refuses the request .422: .*no prefill here.*prefill ""')]
    with serving(folder, refusals={'NOKEY': (401, 'wrong key'), 'ODD': (422, 'no prefill here')}) as server:
        engine = dict(base_url=server.url, tries=2)
        for prompt,message in cases:
            with pytest.raises(InputError, match=message): drawn(OpenAI('tiny', SHORT, engine), [prompt], 1)
        with pytest.raises(InputError, match="model 'other': the server knows no such model"):
            drawn(OpenAI('other', SHORT, engine), PROMPTS, 1)


@needs_openai
def test_a_served_model_without_a_template_or_with_a_short_context(folder, plain, caplog):
    with serving(plain) as server:
        sampler = OpenAI('tiny', SHORT, dict(base_url=server.url, concurrency=8, tries=1))
        with caplog.at_level(logging.WARNING): found = drawn(sampler)
        assert 'tiny has no chat template' in caplog.text
        assert texts(found)==texts(drawn(Transformers(plain, SHORT)))
        assert {c.template for c in found.values()}=={'plain'}
    with serving(folder, max_context=60) as server:
        found = drawn(OpenAI('tiny', SHORT, dict(base_url=server.url)), n=1)
        assert Counter(c.finish_reason for c in found.values())==dict(length=2, prompt_too_long=2)


@needs_openai
def test_a_closed_sampler_can_be_asked_again(folder):
    with serving(folder) as server:
        served = lambda: OpenAI('tiny', SHORT, dict(base_url=server.url))
        for make in (served, lambda: Transformers(folder, SHORT)):
            sampler = make()
            first = drawn(sampler, n=1)
            sampler.close()
            assert texts(drawn(sampler, n=1))==texts(first)


@needs_openai
def test_requests_per_minute_limit_the_pace(folder):
    with serving(folder) as server:
        start = time.monotonic()
        engine = dict(base_url=server.url, requests_per_minute=600)
        drawn(OpenAI('tiny', Settings(max_tokens=1), engine), n=2)
        assert time.monotonic()-start>=.7 and len(server.asked)==8
        assert {asked['seed'] for asked in server.asked}=={request.seed for request in make_requests(PROMPTS, 2, 42)}
        assert json.dumps(server.asked[0]['messages'][1])==json.dumps(dict(role='assistant', content='```python'))
