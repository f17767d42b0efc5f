"Sampling with transformers: seeds, batches, limits, memory, models that cannot be loaded."
import logging
import os
import subprocess
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
import torch
from conftest import ROOT
from drawing import PROMPTS, SHORT, drawn, texts
from serving import listening
from tiny import tiny_llama

from llmr.core import InputError
from llmr.engine_transformers import Transformers, pick_tokens
from llmr.engines import Settings


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture(scope='module')
def plain(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('plain')/'plain', template=False)


def test_a_completion_does_not_depend_on_its_neighbours(folder):
    whole = drawn(Transformers(folder, SHORT))
    assert len(whole)==12 and len(set(texts(whole).values()))==12
    for batch_size in (1, 5):
        assert texts(drawn(Transformers(folder, SHORT, dict(batch_size=batch_size))))==texts(whole)
    assert texts(drawn(Transformers(folder, SHORT), PROMPTS[2:], 2)).items()<=texts(whole).items()
    other = texts(drawn(Transformers(folder, SHORT), seed=43))
    assert sum(other[key]==text for key,text in texts(whole).items())<2


def test_tokens_and_log_probabilities_are_those_of_the_model(folder):
    sampler = Transformers(folder, SHORT)
    (request, completion), = list(sampler(PROMPTS[:1], 1))
    ids = sampler.tokenizer(f'<user>{request.prompt}<end><assistant>```python', add_special_tokens=False)['input_ids']
    uniforms, written, total, least, leads = np.random.default_rng(request.seed).random(12), [], 0., 0., []
    for step in range(12):
        with torch.inference_mode(): logits = sampler.model(torch.tensor([ids+written])).logits[:, -1]
        token, logprob = pick_tokens(logits, torch.tensor(uniforms[step:step+1]), .7)
        written.append(int(token))
        total, least = total+float(logprob), min(least, float(logprob))
        best = logits.log_softmax(-1)[0].sort().values
        leads.append(float(best[-1]-best[-2]))
    assert completion.text==sampler.tokenizer.decode(written)
    assert completion.n_tokens==12 and completion.finish_reason=='length'
    assert completion.n_prompt_tokens==len(ids) and completion.logprob==pytest.approx(total, abs=1e-3)
    assert completion.min_logprob==pytest.approx(least, abs=1e-4)
    assert completion.margin==pytest.approx(np.mean(leads), abs=1e-4)


def test_tokens_follow_the_models_probabilities():
    logits, n = torch.tensor([0., 1., 2., -1.]), 20000
    tokens, logprobs = pick_tokens(logits.expand(n, -1), torch.as_tensor(np.random.default_rng(0).random(n)), .7)
    share, wanted = torch.bincount(tokens, minlength=4)/n, (logits/.7).softmax(0)
    assert (share-wanted).abs().max()<.01 and torch.allclose(logprobs, logits.log_softmax(0)[tokens])
    kept = pick_tokens(logits.expand(n, -1), torch.as_tensor(np.random.default_rng(0).random(n)), 1., top_p=.8)[0]
    assert set(kept.tolist())=={1, 2}
    assert pick_tokens(logits[None], torch.tensor([.999]), 0.)[0].tolist()==[2]


def test_a_completion_ends_before_a_stop_text(folder):
    completions = list(drawn(Transformers(folder, Settings(max_tokens=40, stop=('a', 'é'))), n=8).values())
    assert any(completion.finish_reason=='stop' for completion in completions)
    assert not any('a' in completion.text or 'é' in completion.text for completion in completions)
    assert all(completion.n_tokens==40 for completion in completions if completion.finish_reason=='length')


def test_a_turn_that_the_model_begins_does_not_end_at_its_first_fence(folder):
    for prefill,text in (('', 'Here:\n```python\nx = 1\n```'), ('```python', 'Here:\n')):
        sampler = Transformers(folder, Settings(prefill=prefill))
        sampler.load()
        tokens = sampler.tokenizer('Here:\n```python\nx = 1\n```', add_special_tokens=False)['input_ids']
        ends = any(sampler.endings.reason(tokens[:n]) for n in range(1, len(tokens)+1))
        assert ends==bool(prefill) and sampler.endings.text(tokens)==text


def test_a_model_that_says_nothing(tmp_path):
    found = drawn(Transformers(tiny_llama(tmp_path/'m', silent=True), Settings(temperature=0., max_tokens=5)), n=1)
    assert {(c.text, c.n_tokens, c.finish_reason) for c in found.values()}=={('', 1, 'stop')}


def test_a_prompt_longer_than_the_context_is_recorded(folder):
    sampler = Transformers(folder, Settings(max_tokens=12, max_context=60))
    completions = list(drawn(sampler, n=2).values())
    assert Counter(c.finish_reason for c in completions)==dict(length=4, prompt_too_long=4)
    too_long = [c for c in completions if c.finish_reason=='prompt_too_long']
    assert all(c.text=='' and c.n_tokens==0 and c.n_prompt_tokens>=60 for c in too_long)
    sampler = Transformers(folder, Settings(max_tokens=12, max_context=60))
    assert {c.n_tokens for c in drawn(sampler, ['Double a number.'], 1).values()}=={12}


def test_a_model_without_a_chat_template_gets_plain_prompts(plain, caplog):
    with caplog.at_level(logging.WARNING): found = drawn(Transformers(plain, SHORT), n=1)
    assert {c.template for c in found.values()}=={'plain'}
    assert 'no chat template: it is asked with plain prompts' in caplog.text


def test_out_of_memory_halves_the_batch(folder, caplog):
    whole, sampler = texts(drawn(Transformers(folder, SHORT))), Transformers(folder, SHORT)
    sampler.load()
    forward = sampler.model.forward
    def small_only(input_ids, **more):
        "Fits two rows."
        if len(input_ids)>sampler.fits: raise torch.OutOfMemoryError('CUDA out of memory.')
        return forward(input_ids=input_ids, **more)
    sampler.model.forward, sampler.fits = small_only, 2
    with caplog.at_level(logging.WARNING): assert texts(drawn(sampler))==whole
    assert 'out of memory with a batch of 12, halved' in caplog.text
    sampler.fits = 0
    with pytest.raises(InputError, match='out of memory with a batch of one. Choose a smaller max_tokens'):
        drawn(sampler)


def test_models_that_cannot_be_loaded(tmp_path):
    message = 'Give a hub name that this machine can reach'
    with pytest.raises(InputError, match=message): drawn(Transformers(tmp_path))
    settings = Settings(quantization='awq')
    with pytest.raises(InputError, match='quantization is for sampler vllm'): drawn(Transformers(tmp_path, settings))


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


ASK_GATED = '''from llmr.core import InputError
from llmr.engine_transformers import Transformers
try: list(Transformers("x/gated")(["Add."]))
except InputError as e: print(e)
'''


def test_a_gated_model_without_a_token(tmp_path):
    with listening(Gated) as hub:
        hub_settings = dict(HF_ENDPOINT=hub.url.removesuffix('/v1'), HF_HUB_OFFLINE='0', HF_HOME=str(tmp_path))
        environment = os.environ | hub_settings | dict(PYTHONPATH=str(ROOT))
        done = subprocess.run([sys.executable, '-c', ASK_GATED], env=environment,
                              capture_output=True, text=True, timeout=300)
    for part in ("model 'x/gated' cannot be loaded", 'accept its licence', 'HF_TOKEN'):
        assert part in done.stdout, done.stdout+done.stderr
