"What engines share: settings, requests, revisions and the registry."
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from drawing import drawn
from tiny import tiny_llama

from llmr.core import InputError, folder_hash
from llmr.engines import ENGINES, Sampler, Settings, make_requests, make_sampler, model_options


def test_the_registry_loads_nothing_heavy():
    heavy = ('torch', 'transformers', 'vllm', 'openai', 'seaborn', 'matplotlib')
    code = f'import sys, llmr.engines, llmr.sampling\nprint([name for name in {heavy} if name in sys.modules])'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout=='[]\n'


@pytest.mark.parametrize('engine', ['transformers', *(['vllm'] if find_spec('vllm') else [])])
def test_an_unknown_model(engine):
    with pytest.raises(InputError, match="model 'no/such-model' cannot be loaded"):
        drawn(make_sampler(engine, 'no/such-model'))


def test_unknown_engines_and_options():
    with pytest.raises(InputError, match="unknown sampler 'magic'; choose from transformers, vllm, openai"):
        make_sampler('magic', 'x')
    with pytest.raises(InputError, match="unknown option 'speed'; choose from batch_size"):
        make_sampler('transformers', 'x', options=dict(speed=2))


@pytest.mark.parametrize('change', [
    dict(temperature=-1), dict(temperature=float('nan')), dict(max_context=0), dict(max_tokens=0), dict(top_p=0)])
def test_settings_that_no_engine_could_use(change):
    with pytest.raises(InputError, match=next(iter(change))): Settings(**change)


def test_an_engine_is_one_class_in_the_registry(monkeypatch):
    monkeypatch.setitem(ENGINES, 'own', 'llmr.engines:Sampler')
    assert make_sampler('own', 'org/model@v1', name='M').name=='M'


def test_revisions_and_keys_differ(tmp_path):
    first, second = tiny_llama(tmp_path/'first'), tiny_llama(tmp_path/'second', template=False)
    assert folder_hash(first)!=folder_hash(second) and folder_hash(first)==folder_hash(first)
    changes = {}, dict(temperature=.8), dict(max_tokens=8), dict(top_p=.9), dict(prefill='')
    assert len({Sampler('m', Settings(**change)).key(42) for change in changes})==5
    assert Sampler('m').key(42)!=Sampler('m').key(43)
    assert len({make_sampler(engine, 'm').key(42) for engine in ENGINES})==3
    requests = make_requests(['a', 'b'], [2, 1], 42)
    assert len({request.seed for request in requests})==3 and requests[:1]==make_requests(['a'], 1, 42)


def test_a_model_with_only_its_middle_layers_changed_has_another_revision(tmp_path):
    content = bytearray(np.random.default_rng(0).bytes(40*2**20)) # a matrix of 4096 x 512 in 16 bits is 4 MiB
    (tmp_path/'model.safetensors').write_bytes(content)
    before = folder_hash(tmp_path)
    content[18*2**20:22*2**20] = bytes(4*2**20)
    (tmp_path/'model.safetensors').write_bytes(content)
    assert folder_hash(tmp_path)!=before


@pytest.mark.parametrize('engine,message', [
    (dict(models=dict(medium={})), "unknown model 'medium'; choose from small, org/small, large"),
    (dict(models='large'), "engine.models is 'large': must map"),
    (dict(models=dict(large='slow')), 'must map the name of a model to its options')])
def test_options_of_models_that_are_not_there(engine, message):
    with pytest.raises(InputError, match=message): model_options(engine, [('small', 'org/small'), ('large', 'large')])


def test_options_of_one_model_are_its_own():
    engine = dict(concurrency=4, models={'org/small': dict(sampler='transformers', concurrency=2)})
    options = model_options(engine, [('small', 'org/small'), ('large', 'large')])
    assert options==dict(small=dict(concurrency=2, sampler='transformers'), large=dict(concurrency=4))
