"vLLM itself, on the CPU: `make test-vllm`. All completions come from the toy pair that is shipped with the package."
import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

if importlib.util.find_spec('vllm') is None:
    reason = 'vllm is not installed here: `make test-vllm` has an environment for it'
    pytest.skip(reason, allow_module_level=True)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from serving import breaking

from llmr.core import package_file
from llmr.execution import execute
from llmr.benchmarks import load_tasks, thin_tasks
from llmr.engine_openai import OpenAI
from llmr.engine_transformers import Transformers
from llmr.engine_vllm import VLLM
from llmr.engines import Settings
from llmr.sampling import sample_completions

SETTINGS = Settings(max_tokens=160, max_context=1024, dtype='float32')
ENGINE, FEW = dict(enforce_eager=True), dict(train=4, validation=1, test=1)


@pytest.fixture(scope='module')
def tasks(): return thin_tasks(load_tasks('toy'), 40)


@pytest.fixture(scope='module')
def model(): return package_file('toy/models/small')


@pytest.fixture(scope='module')
def drawn(tasks, model):
    "From vLLM and from transformers, and vLLM once more."
    vllm = VLLM(model, SETTINGS, ENGINE)
    close, vllm.close = vllm.close, lambda: None # one engine for both times
    first, again = (sample_completions(tasks, vllm, FEW) for _ in range(2))
    close()
    return first, again, sample_completions(tasks, Transformers(model, SETTINGS), FEW)


def test_the_same_seed_gives_the_same_texts(drawn):
    first, again, _ = drawn
    print(f'{(first.text==again.text).sum()} of {len(first)} texts are the same')
    assert (first.text==again.text).mean()>.995 # rounding differs where the scheduler batches otherwise
    assert first.groupby('task_id').text.nunique().max()>1


def test_the_same_schema_and_pass_rates_as_transformers(drawn, tasks):
    first, _, other = drawn
    columns = ['task_id', 'sample', 'n_prompt_tokens', 'template']
    assert list(first)==list(other) and (first[columns]==other[columns]).all(axis=None)
    rates = []
    for rows in (first, other):
        outcomes = execute(rows[['task_id', 'model', 'sample', 'text', 'code', 'n_tokens', 'finish_reason']], tasks)
        by_task = (outcomes.n_passed/outcomes.n_tests).groupby(outcomes.task_id).mean()
        rates.append(by_task)
    apart = rates[0]-rates[1]
    mean, error = apart.mean(), apart.std()/len(apart)**.5
    print(f'pass rates: vllm {rates[0].mean():.3f}, transformers {rates[1].mean():.3f}, '
          f'difference {mean:+.3f} ± {1.96*error:.3f}; '
          f'tokens {first.n_tokens.mean():.1f} and {other.n_tokens.mean():.1f}; '
          f'log-probability {first.logprob.mean():.2f} and {other.logprob.mean():.2f}')
    assert abs(mean)<=2.58*error and abs(first.n_tokens.mean()-other.n_tokens.mean())<.2*other.n_tokens.mean()
    assert first.logprob.notna().all() and abs(first.logprob.mean()-other.logprob.mean())<.3*abs(other.logprob.mean())


def test_a_prompt_longer_than_the_context(tasks, model):
    short = tasks.assign(text=[text if i else text*90 for i,text in enumerate(tasks.text)]).head(3)
    found = sample_completions(short, VLLM(model, SETTINGS, ENGINE), dict.fromkeys(('train', 'validation', 'test'), 1))
    assert found.finish_reason.tolist()[0]=='prompt_too_long' and set(found.finish_reason[1:])<={'stop', 'length'}


def test_a_whole_run(tmp_path):
    small, large = (package_file(f'toy/models/{name}') for name in ('small', 'large'))
    command = [
        sys.executable, '-m', 'llmr.cli', 'reproduce', '--profile', 'sampled', '--small', small, '--large', large,
        '--benchmark', 'toy', '--sampler', 'vllm', '--out', tmp_path/'run']
    parameters = (
        'engine={"enforce_eager": true}', 'max_tokens=160', 'max_context=1024', 'dtype=float32',
        'tasks_per_split=12', 'encoder=hashing')
    for parameter in parameters: command += ['--param', parameter]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=1800)
    assert done.returncode==0, done.stdout+done.stderr
    record = json.loads((tmp_path/'run'/'run.json').read_text())['sampling']
    assert set(record)=={'small', 'large'}
    assert record['small']['sampler']=='vllm' and record['small']['new_tokens']>0
    assert len(pd.read_parquet(tmp_path/'run'/'completions.parquet'))==2*(12*10+12+12)
    assert (tmp_path/'run'/'figures'/'figure3_deferral.png').exists()


@pytest.fixture(scope='module')
def server(model):
    "vLLM's own server with the toy model."
    port = 8911
    command = [
        sys.executable, '-m', 'vllm.entrypoints.openai.api_server', '--host', '127.0.0.1', '--port', str(port),
        '--model', str(model), '--served-model-name', 'small', '--dtype', 'float32', '--max-model-len', '1024',
        '--enforce-eager', '--no-enable-chunked-prefill']
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        for _ in range(600):
            if process.poll() is not None: pytest.fail('the server ended')
            try:
                urllib.request.urlopen(f'http://127.0.0.1:{port}/health', timeout=5)
                break
            except OSError: time.sleep(1)
        yield f'http://127.0.0.1:{port}/v1'
    finally:
        process.terminate()
        process.wait(60)


def test_vllms_server_behind_faults(server, tasks, drawn):
    few = dict.fromkeys(('train', 'validation', 'test'), 1)
    with breaking(server, {3: 429, 9: 500, 15: 'drop', 21: 'stall'}, stall_s=25.) as proxy:
        sampler = OpenAI('small', SETTINGS, dict(base_url=proxy.url, concurrency=8, stall_s=10.))
        found = sample_completions(tasks, sampler, few)
        assert sorted(map(str, proxy.done))==['429', '500', 'drop', 'stall'] and proxy.count==len(tasks)+4
    assert len(found)==len(tasks) and not found.duplicated(['task_id', 'sample']).any()
    assert found.logprob.notna().all()
    offline = drawn[0][drawn[0]['sample']==0].set_index('task_id')
    same = (found.set_index('task_id').text==offline.text).mean()
    print(f'{same:.0%} of the texts are those of the offline engine')
    assert (found.set_index('task_id').n_prompt_tokens==offline.n_prompt_tokens).all() and same>.5
