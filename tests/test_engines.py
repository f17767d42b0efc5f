"Engines behind one interface: seeds, batches, limits, and servers that fail."
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT
from serving import breaking, listening, serving
from tiny import tiny_llama

from llmr.core import InputError
from llmr.answers import after_fence
from llmr.engines import (
    SAMPLERS, OpenAI, Sampler, Settings, Transformers, _answer_of, folder_revision, make_requests,
    make_sampler, pick_tokens)

PROMPTS = ['Double a number.', 'Halve a number that is even, and double one that is odd.', 'Add.', 'Write the digits of a number backwards.']
SHORT = Settings(max_tokens=12)
needs_openai = pytest.mark.skipif(find_spec('openai') is None, reason='needs the package openai, from pip install "llmr[openai]"')


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture(scope='module')
def plain(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('plain')/'plain', template=False)


def drawn(sampler, prompts=PROMPTS, n=3, seed=42): return {(request.prompt, request.sample): completion for request,completion in sampler(prompts, n, seed)}
def texts(found): return {key: completion.text for key,completion in found.items()}


def test_a_completion_does_not_depend_on_its_neighbours(folder):
    whole = drawn(Transformers(folder, SHORT))
    assert len(whole)==12 and len(set(texts(whole).values()))==12
    for batch_size in (1, 5): assert texts(drawn(Transformers(folder, SHORT, dict(batch_size=batch_size))))==texts(whole)
    assert texts(drawn(Transformers(folder, SHORT), PROMPTS[2:], 2)).items()<=texts(whole).items()
    other = texts(drawn(Transformers(folder, SHORT), seed=43))
    assert sum(other[key]==text for key,text in texts(whole).items())<2


def test_tokens_and_log_probabilities_are_those_of_the_model(folder):
    sampler = Transformers(folder, SHORT)
    (request, completion), = list(sampler(PROMPTS[:1], 1))
    ids = sampler.tokenizer(f'<user>{request.prompt}<end><assistant>```python', add_special_tokens=False)['input_ids']
    uniforms, written, total = np.random.default_rng(request.seed).random(12), [], 0.
    for step in range(12):
        with torch.inference_mode(): logits = sampler.model(torch.tensor([ids+written])).logits[:, -1]
        token, logprob = pick_tokens(logits, torch.tensor(uniforms[step:step+1]), .7)
        written.append(int(token))
        total += float(logprob)
    assert completion.text==sampler.tokenizer.decode(written) and completion.n_tokens==12 and completion.finish_reason=='length'
    assert completion.n_prompt_tokens==len(ids) and completion.logprob==pytest.approx(total, abs=1e-3)


def test_tokens_are_drawn_as_often_as_they_should_be():
    logits, n = torch.tensor([0., 1., 2., -1.]), 20000
    tokens, logprobs = pick_tokens(logits.expand(n, -1), torch.as_tensor(np.random.default_rng(0).random(n)), .7)
    share, wanted = torch.bincount(tokens, minlength=4)/n, (logits/.7).softmax(0)
    assert (share-wanted).abs().max()<.01 and torch.allclose(logprobs, logits.log_softmax(0)[tokens])
    kept = pick_tokens(logits.expand(n, -1), torch.as_tensor(np.random.default_rng(0).random(n)), 1., top_p=.8)[0]
    assert set(kept.tolist())=={1, 2}
    assert pick_tokens(logits[None], torch.tensor([.999]), 0.)[0].tolist()==[2]


def test_a_completion_ends_before_a_stop_text(folder):
    found = drawn(Transformers(folder, Settings(max_tokens=40, stop=('a', 'é'))), n=8)
    reasons = Counter(completion.finish_reason for completion in found.values())
    assert reasons['stop'] and not any('a' in completion.text or 'é' in completion.text for completion in found.values())
    assert all(completion.n_tokens==40 for completion in found.values() if completion.finish_reason=='length')


def test_a_turn_that_the_model_begins_does_not_end_at_its_first_fence(folder):
    for prefill,text in (('', 'Here:\n```python\nx = 1\n```'), ('```python', 'Here:\n')):
        sampler = Transformers(folder, Settings(prefill=prefill))
        sampler._load()
        tokens = sampler.tokenizer('Here:\n```python\nx = 1\n```', add_special_tokens=False)['input_ids']
        assert any(sampler._ended(tokens[:n]) for n in range(1, len(tokens)+1))==bool(prefill) and sampler._text(tokens)==text
    assert after_fence('Here:\n```python\nx = 1\n```')=='\nx = 1\n```'


def test_a_model_that_says_nothing(tmp_path):
    found = drawn(Transformers(tiny_llama(tmp_path/'m', silent=True), Settings(temperature=0., max_tokens=5)), n=1)
    assert {(c.text, c.n_tokens, c.finish_reason) for c in found.values()}=={('', 1, 'stop')}


def test_a_prompt_longer_than_the_context_is_recorded(folder):
    found = drawn(Transformers(folder, Settings(max_tokens=12, max_context=60)), n=2)
    assert Counter(c.finish_reason for c in found.values())==dict(length=4, prompt_too_long=4)
    assert all(c.text=='' and c.n_tokens==0 and c.n_prompt_tokens>=60 for c in found.values() if c.finish_reason=='prompt_too_long')
    assert {c.n_tokens for c in drawn(Transformers(folder, Settings(max_tokens=12, max_context=60)), ['Double a number.'], 1).values()}=={12}


def test_a_model_without_a_chat_template_is_asked_plainly(plain, caplog):
    with caplog.at_level(logging.WARNING): found = drawn(Transformers(plain, SHORT), n=1)
    assert {c.template for c in found.values()}=={'plain'} and 'no chat template: it is asked with plain prompts' in caplog.text


def test_out_of_memory_halves_the_batch(folder, caplog):
    whole, sampler = texts(drawn(Transformers(folder, SHORT))), Transformers(folder, SHORT)
    sampler._load()
    forward = sampler.model.forward
    def small_only(input_ids, **more):
        "Fits two rows."
        if len(input_ids)>sampler.fits: raise torch.OutOfMemoryError('CUDA out of memory.')
        return forward(input_ids=input_ids, **more)
    sampler.model.forward, sampler.fits = small_only, 2
    with caplog.at_level(logging.WARNING): assert texts(drawn(sampler))==whole
    assert 'out of memory with a batch of 12, halved' in caplog.text
    sampler.fits = 0
    with pytest.raises(InputError, match='out of memory with a batch of one. Choose a smaller max_tokens'): drawn(sampler)


def test_unknown_models_engines_options_and_values(tmp_path):
    for kind in ('transformers', *(['vllm'] if find_spec('vllm') else [])):
        with pytest.raises(InputError, match="model 'no/such-model' cannot be loaded"): drawn(make_sampler(kind, 'no/such-model'))
    with pytest.raises(InputError, match='Give a hub name that this machine can reach'): drawn(Transformers(tmp_path))
    with pytest.raises(InputError, match='no sampler is called'): make_sampler('magic', 'x')
    with pytest.raises(InputError, match="no option 'speed'; there are batch_size"): make_sampler('transformers', 'x', engine=dict(speed=2))
    for change,told in ((dict(temperature=-1), 'temperature'), (dict(temperature=float('nan')), 'temperature'), (dict(max_context=0), 'max_context'), (dict(max_tokens=0), 'max_tokens'), (dict(top_p=0), 'top_p')):
        with pytest.raises(InputError, match=told): Settings(**change)
    with pytest.raises(InputError, match='quantization is for sampler vllm'): drawn(Transformers(tmp_path, Settings(quantization='awq')))


@pytest.mark.skipif(find_spec('vllm') is not None, reason='vllm is installed here')
def test_vllm_that_is_not_installed(folder):
    with pytest.raises(InputError, match=r'llmr\[vllm\]'): drawn(make_sampler('vllm', str(folder)))


class Gated(BaseHTTPRequestHandler):
    "A hub whose every model is gated."
    def log_message(self, *_): pass
    def do_HEAD(self):
        "Refuse as the hub does."
        self.send_response(403)
        self.send_header('X-Error-Code', 'GatedRepo')
        self.send_header('X-Error-Message', 'Access to model x/gated is restricted.')
        self.send_header('content-length', '0')
        self.end_headers()
    do_GET = do_HEAD


def test_a_gated_model_without_a_token(tmp_path):
    with listening(Gated) as hub:
        ask = 'from llmr.core import InputError\nfrom llmr.samplers import Transformers\ntry: list(Transformers("x/gated")(["Add."]))\nexcept InputError as e: print(e)'
        env = os.environ | dict(HF_ENDPOINT=hub.url.removesuffix('/v1'), HF_HUB_OFFLINE='0', HF_HOME=str(tmp_path), PYTHONPATH=str(ROOT))
        done = subprocess.run([sys.executable, '-c', ask], env=env, capture_output=True, text=True, timeout=300)
    assert "model 'x/gated' cannot be loaded" in done.stdout and 'accept its licence' in done.stdout and 'HF_TOKEN' in done.stdout, done.stdout+done.stderr


def test_what_tells_models_and_settings_apart(folder, plain):
    assert folder_revision(folder)!=folder_revision(plain) and folder_revision(folder)==folder_revision(folder)
    keys = {Sampler('m', settings).key(42) for settings in (Settings(), Settings(temperature=.8), Settings(max_tokens=8), Settings(top_p=.9), Settings(prefill=''))}
    assert len(keys)==5 and Sampler('m').key(42)!=Sampler('m').key(43) and len({SAMPLERS[kind]('m').key(42) for kind in SAMPLERS})==3
    requests = make_requests(['a', 'b'], [2, 1], 42)
    assert len({request.seed for request in requests})==3 and requests[:1]==make_requests(['a'], 1, 42)


def test_a_model_that_was_trained_further_in_its_middle_alone(tmp_path):
    content = bytearray(np.random.default_rng(0).bytes(40*2**20)) # a matrix of 4096 x 512 in 16 bits is 4 MiB
    (tmp_path/'model.safetensors').write_bytes(content)
    before = folder_revision(tmp_path)
    content[18*2**20:22*2**20] = bytes(4*2**20)
    (tmp_path/'model.safetensors').write_bytes(content)
    assert folder_revision(tmp_path)!=before


@pytest.mark.parametrize('text,program', [
    ('```python\nx = 1\n```', '\nx = 1\n```'), ('Here:\n```\nx = 1\n```\nDone.', '\nx = 1\n```\nDone.'), ('x = 1', 'x = 1'), ('```x = 1```', 'x = 1```')])
def test_a_turn_from_its_beginning(text, program): assert after_fence(text)==program


@needs_openai
def test_a_server_that_fails_loses_nothing_and_doubles_nothing(folder, caplog, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-of-the-test')
    wanted = drawn(Transformers(folder, SHORT))
    with serving(folder) as server, breaking(server.url, {2: 429, 4: 500, 6: 'drop', 8: 'stall'}, stall_s=4.) as proxy:
        sampler = OpenAI('tiny', SHORT, dict(base_url=proxy.url, concurrency=3, stall_s=1.5, first_pause_s=.05))
        rows = list(sampler(PROMPTS, 3))
        assert sorted(map(str, proxy.done))==['429', '500', 'drop', 'stall'] and proxy.count==16
        assert {asked['key'] for asked in server.asked}=={'Bearer sk-of-the-test'} and 'sk-of-the-test' not in caplog.text
    found = {(request.prompt, request.sample): completion for request,completion in rows}
    assert len(rows)==12 and texts(found)==texts(wanted)
    assert all((found[key].n_tokens, found[key].finish_reason, found[key].n_prompt_tokens)==(c.n_tokens, c.finish_reason, c.n_prompt_tokens) for key,c in wanted.items())


def test_halves_of_a_character_that_come_apart():
    chunk = lambda text,reason=None: SimpleNamespace(usage=None, choices=[SimpleNamespace(text=text, logprobs=None, finish_reason=reason)])
    for pieces,text in ((('a\ud83d', '\ude00b'), 'a\U0001f600b'), (('a\ud83d', 'b'), 'a\ufffdb')):
        assert _answer_of([*map(chunk, pieces), chunk('', 'stop')], None, 'plain', '```python').text==text


@needs_openai
def test_a_server_that_never_answers(folder):
    with serving(folder) as server, breaking(server.url, dict.fromkeys(range(1, 99), 500)) as proxy:
        with pytest.raises(InputError, match='no answer in 3 tries .InternalServerError.*What came is kept'):
            drawn(OpenAI('tiny', SHORT, dict(base_url=proxy.url, tries=3, first_pause_s=.01)))
    with pytest.raises(InputError, match='no answer in 2 tries .APIConnectionError'): drawn(OpenAI('tiny', SHORT, dict(base_url=proxy.url, tries=2, first_pause_s=.01)))


@needs_openai
def test_a_server_that_gives_fewer_completions_than_asked(folder):
    with serving(folder) as server:
        came = []
        with pytest.raises(InputError, match='no answer in 2 tries .ConnectionError: the answer broke off'):
            for request,completion in OpenAI('tiny', SHORT, dict(base_url=server.url, tries=2, first_pause_s=.01, concurrency=1))([*PROMPTS, 'BROKEN'], 1): came.append(request.prompt)
        assert came==PROMPTS


@needs_openai
def test_what_a_server_refuses(folder):
    with serving(folder, refusals={'NOKEY': (401, 'wrong key'), 'ODD': (422, 'no prefill here')}) as server:
        engine = dict(base_url=server.url, tries=2)
        for prompt,told in (('NOKEY', 'refuses the key .401.*OPENAI_API_KEY'), ('ODD', 'refuses the request .422: .*no prefill here.*prefill ""')):
            with pytest.raises(InputError, match=told): drawn(OpenAI('tiny', SHORT, engine), [prompt], 1)
        with pytest.raises(InputError, match="model 'other': the server knows no such model"): drawn(OpenAI('other', SHORT, engine), PROMPTS, 1)


@needs_openai
def test_a_served_model_without_a_template_or_with_a_short_context(folder, plain, caplog):
    with serving(plain) as server:
        with caplog.at_level(logging.WARNING): found = drawn(OpenAI('tiny', SHORT, dict(base_url=server.url, concurrency=8, tries=1)))
        assert 'tiny has no chat template' in caplog.text
        assert texts(found)==texts(drawn(Transformers(plain, SHORT))) and {c.template for c in found.values()}=={'plain'}
    with serving(folder, max_context=60) as server:
        found = drawn(OpenAI('tiny', SHORT, dict(base_url=server.url)), n=1)
        assert Counter(c.finish_reason for c in found.values())==dict(length=2, prompt_too_long=2)


@needs_openai
def test_a_closed_sampler_can_be_asked_again(folder):
    with serving(folder) as server:
        for make in (lambda: OpenAI('tiny', SHORT, dict(base_url=server.url)), lambda: Transformers(folder, SHORT)):
            sampler = make()
            first = drawn(sampler, n=1)
            sampler.close()
            assert texts(drawn(sampler, n=1))==texts(first)


@needs_openai
def test_requests_keep_to_a_pace(folder):
    import time
    with serving(folder) as server:
        start = time.monotonic()
        drawn(OpenAI('tiny', Settings(max_tokens=1), dict(base_url=server.url, requests_per_minute=600)), n=2)
        assert time.monotonic()-start>=.7 and len(server.asked)==8
        assert {asked['seed'] for asked in server.asked}=={request.seed for request in make_requests(PROMPTS, 2, 42)}
        assert json.dumps(server.asked[0]['messages'][1])==json.dumps(dict(role='assistant', content='```python'))
