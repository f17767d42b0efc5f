"Sampling from a server, including one that fails: no completion is lost or duplicated, and the key is never written."
import json
import logging
import time
from dataclasses import replace
from collections import Counter
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
from drawing import PROMPTS, SHORT, drawn, texts
from serving import (
    ANTHROPIC, DEEPSEEK, GROK, MAGISTRAL, O_SERIES, QWEN, VLLM, Habits, Hosted, breaking, hosting, serving)
from tiny import tiny_llama

from llmr.answers import extract_program
from llmr.core import InputError
from llmr.engine_openai import OpenAI, _body, _How
from llmr.engine_transformers import Transformers
from llmr.engines import Settings, make_requests
from llmr.server_answers import read_answer

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
    with serving(folder) as server, breaking(server.url, {2: 429, 4: 500, 6: 'drop', 8: 'stall'}, stall_s=6.) as proxy:
        engine = dict(base_url=proxy.url, concurrency=3, stall_s=3., first_pause_s=.05, continues=True)
        sampler = OpenAI('tiny', SHORT, engine)
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
        assert read_answer([*map(chunk, pieces), chunk('', 'stop')], 'plain').text==text


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
        engine = dict(base_url=server.url, tries=2, first_pause_s=.01, concurrency=1, continues=True)
        sampler = OpenAI('tiny', SHORT, engine)
        came = []
        with pytest.raises(InputError, match='no answer in 2 tries .ConnectionError: the answer broke off'):
            for request,_ in sampler([*PROMPTS, 'BROKEN'], 1): came.append(request.prompt)
        assert came==PROMPTS


@needs_openai
def test_refused_requests(folder):
    cases = [
        ('NOKEY', 'refuses the key .401.*OPENAI_API_KEY'),
        ('ODD', 'refuses the request .422: .*not today.*The request had the fields .*temperature')]
    with serving(folder, refusals={'NOKEY': (401, 'wrong key'), 'ODD': (422, 'not today')}) as server:
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
        found = drawn(OpenAI('tiny', SHORT, dict(base_url=server.url, continues=True)), n=1)
        assert Counter(c.finish_reason for c in found.values())==dict(length=2, prompt_too_long=2)


@needs_openai
def test_a_closed_sampler_can_be_asked_again(folder):
    with serving(folder) as server:
        served = lambda: OpenAI('tiny', SHORT, dict(base_url=server.url, continues=True))
        for make in (served, lambda: Transformers(folder, SHORT)):
            sampler = make()
            first = drawn(sampler, n=1)
            sampler.close()
            assert texts(drawn(sampler, n=1))==texts(first)


@needs_openai
def test_requests_per_minute_limit_the_pace(folder):
    with serving(folder) as server:
        start = time.monotonic()
        engine = dict(base_url=server.url, requests_per_minute=600, continues=True)
        drawn(OpenAI('tiny', Settings(max_tokens=1), engine), n=2)
        assert time.monotonic()-start>=.7 and len(server.asked)==8
        assert {asked['seed'] for asked in server.asked}=={request.seed for request in make_requests(PROMPTS, 2, 42)}
        assert json.dumps(server.asked[0]['messages'][1])==json.dumps(dict(role='assistant', content='```python'))


def written(model, prompt): return f'def f(x):\n    return {len(prompt)}'


LONG = Settings(max_tokens=400)
HOSTED = dict(o=O_SERIES, vllm=VLLM, deepseek=DEEPSEEK, qwen=QWEN, magistral=MAGISTRAL, anthropic=ANTHROPIC, grok=GROK)


def asks(server, settings=LONG, **engine):
    "A sampler of the model `m` on a server."
    return OpenAI('m', settings, dict(base_url=server.url, first_pause_s=.01) | engine)


@needs_openai
@pytest.mark.parametrize('name', HOSTED)
def test_hosted_servers_are_found_out_once_and_their_answers_read(name, caplog):
    habits = HOSTED[name]
    with hosting(habits, written) as server, caplog.at_level(logging.WARNING): found = drawn(asks(server))
    form = 'continued' if habits.continues else 'whole'
    assert {completion.form for completion in found.values()}=={form}
    for (prompt, _),completion in found.items():
        assert extract_program(completion.text).code==written('m', prompt) or form=='continued'
        assert form=='whole' or completion.text==f'\n{written("m", prompt)}\n'
        assert 'Hmm.' not in completion.text or habits.reasoning=='inside'
        thought = None if habits.reasoning in ('', 'inside') else pytest.approx(40, abs=20)
        assert completion.n_reasoning_tokens==thought
        assert bool(completion.reasoning)==(habits.reasoning not in ('', 'hidden', 'inside'))
        assert completion.finish_reason=='stop' and completion.n_tokens>=(completion.n_reasoning_tokens or 0)
    tried = [asked for asked in server.asked if asked['messages'][-1]['role']=='assistant']
    fewest = len(habits.refuses)+(form=='whole')
    assert len(server.asked)<=len(found)+fewest and (form=='continued' or len(tried)<=fewest)
    assert caplog.text.count('continues no assistant turn')==(form=='whole')


@needs_openai
def test_what_an_o_series_model_refuses_is_left_out_logged_and_kept(caplog):
    with hosting(O_SERIES, written, extra=['reasoning_effort']) as server:
        found = drawn(asks(server, extra=dict(reasoning_effort='low')))
    last = server.asked[-1]
    assert last['max_completion_tokens']==400 and last['reasoning_effort']=='low'
    assert not {'max_tokens', 'temperature', 'top_p', 'seed', 'stop', 'logprobs'} & set(last)
    assert {completion.refused for completion in found.values()}=={'temperature, top_p, seed'}
    for words in ('refuses temperature=0.7', 'samples are not reproducible', 'max_completion_tokens in place of'):
        assert caplog.text.count(words)==1
    assert {completion.n_reasoning_tokens for completion in found.values()}=={40}


@needs_openai
def test_reasoning_that_is_counted_apart_is_paid_once():
    counts = {}
    for usage in ('included', 'apart'):
        with hosting(replace(DEEPSEEK, usage=usage), written) as server:
            completion = drawn(asks(server), n=1)[PROMPTS[0], 0]
            counts[usage] = completion.n_tokens, completion.n_reasoning_tokens
    assert counts['included']==counts['apart'] and counts['apart'][1]==40<counts['apart'][0]


@needs_openai
@pytest.mark.parametrize('kind,text,reason', [
    ('null', '', 'tool_calls'), ('refusal', 'I cannot help with that.', 'refusal'), ('filter', '', 'content_filter'),
    ('thinking', '', 'length')])
@pytest.mark.parametrize('streams', [True, False])
def test_answers_without_a_program(kind, text, reason, streams):
    habits = replace(DEEPSEEK, streams=streams)
    with hosting(habits, written, {'Halve': kind}) as server: found = drawn(asks(server), n=1)
    completion = found[PROMPTS[1], 0]
    assert (completion.text, completion.finish_reason)==(text, reason)
    assert [extract_program(found[prompt, 0].text).how for prompt in (PROMPTS[0], PROMPTS[2])]==['fenced']*2
    if kind=='thinking': assert completion.n_tokens==completion.n_reasoning_tokens==400


@needs_openai
@pytest.mark.parametrize('extra,refuses,message', [
    (dict(reasoning_efort='low'), {}, "refuses the field 'reasoning_efort' of engine.extra, 'low'.*Unknown parameter"),
    (dict(temperature=1), {}, "engine.extra: 'temperature' is set by llmr.*use temperature"),
    (dict(n=3), {}, "engine.extra: 'n' is set by llmr.*use samples"),
    ({}, dict(max_tokens='max_tokens: 400 > 100, the largest number of output tokens'),
     "refuses the field 'max_tokens' of the request, 400 .*Choose another --param max_tokens"),
    ('low', {}, 'must map fields to values'),
    ({}, dict(model='this model is being looked after'), 'refuses the request .*The request had the fields')])
def test_fields_that_cannot_be_left_out(extra, refuses, message):
    with hosting(Habits(refuses=refuses), written) as server, pytest.raises(InputError, match=message):
        drawn(asks(server, extra=extra), n=1)


@needs_openai
def test_a_context_that_leaves_less_room_than_max_tokens():
    said = "This model's maximum context length is 120 tokens and your request has 20 input tokens."
    with hosting(Habits(continues=True), written) as server:
        sampler = asks(server, Settings(max_tokens=500))
        server.RequestHandlerClass = type('Small', (Hosted,), dict(
            answer=lambda self, asked, *rest: self.refuse(400, said) if asked['max_tokens']>100
            else Hosted.answer(self, asked, *rest)))
        found = drawn(sampler, n=1)
    assert {completion.finish_reason for completion in found.values()}=={'stop'}
    assert [asked['max_tokens'] for asked in server.asked].count(100)==len(PROMPTS)


WORDINGS = dict(
    openai=lambda name: dict(error=dict(message='Unsupported parameter.', param=name, code='unsupported_parameter')),
    mistral=lambda name: dict(detail=[dict(type='extra_forbidden', loc=['body', name], msg='Extra inputs')]),
    gemini=lambda name: [dict(error=dict(message=f'Invalid JSON payload received. Unknown name "{name}".'))],
    groq=lambda name: dict(error=dict(message=f"property '{name}' is unsupported")),
    detail=lambda name: dict(detail=f'{name}: not supported'),
    text=lambda name: f'bad request: the field "{name}" is not supported')
FIELDS = ('max_tokens', 'temperature', 'seed', 'top_p', 'stop', 'top_logprobs', 'logprobs', 'stream', 'stream_options',
          'add_generation_prompt', 'continue_final_message')


@needs_openai
@pytest.mark.parametrize('wording', WORDINGS)
def test_a_refused_field_is_found_in_every_wording(wording, caplog):
    class Strict(Hosted):
        "Refuses all that can be left out."
        def answer(self, asked, *rest):
            "One answer, or a refusal of the first field."
            name = next((name for name in FIELDS if name in asked), '')
            if not name: return super().answer(asked, *rest)
            content = json.dumps(WORDINGS[wording](name)).encode()
            self.send_response(400)
            self.send_header('content-length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)
    with hosting(replace(DEEPSEEK, limit='max_completion_tokens'), written) as server:
        server.RequestHandlerClass = Strict
        found = drawn(asks(server), PROMPTS[:1], 1)[PROMPTS[0], 0]
    assert found.refused=='temperature, top_p, seed' and extract_program(found.text).code==written('m', PROMPTS[0])
    assert len(server.asked)==len(FIELDS)+1 and 'stream' not in server.asked[-1]


@needs_openai
def test_keys_and_other_options_of_one_model(monkeypatch):
    monkeypatch.delenv('NO_SUCH_KEY', raising=False)
    with pytest.raises(InputError, match='engine.key_env: the environment has no NO_SUCH_KEY'):
        OpenAI('m', options=dict(key_env='NO_SUCH_KEY')).load()
    with pytest.raises(InputError, match='engine.continues is'): OpenAI('m', options=dict(continues='yes')).load()
    plain, low = (OpenAI('m', options=dict(extra=extra)) for extra in ({}, dict(reasoning_effort='low')))
    assert plain.key(1)==OpenAI('m').key(1)!=low.key(1)


@needs_openai
def test_a_server_without_likeliest_tokens_keeps_its_log_probabilities(caplog):
    for message in ("Unknown parameter: 'top_logprobs'.", 'Requested logprobs of 2: the maximum is 0.'):
        habits = replace(VLLM, refuses=dict(top_logprobs=message))
        with hosting(habits, written) as server: assert drawn(asks(server), PROMPTS[:1], 1)
        assert [asked.get('top_logprobs') for asked in server.asked]==[2, None]
        assert all(asked['logprobs'] is True for asked in server.asked)
    assert 'margins stay unknown' in caplog.text


@needs_openai
def test_plain_prompts_ask_for_two_tokens_then_for_one():
    request, = make_requests(PROMPTS[:1], 1, 1)
    for dropped,wanted in ((), 2), (('top_logprobs',), 1), (('logprobs',), None):
        body = _body('m', Settings(), request, _How('plain', dropped=frozenset(dropped)), {})
        assert body.get('logprobs')==wanted and 'top_logprobs' not in body
    sampler = OpenAI('m')
    sampler.load()
    sampler._leave_out(ValueError('logprobs of 2'), sampler.how, 'logprobs', dict(logprobs=2))
    assert sampler.how.dropped=={'top_logprobs'}
