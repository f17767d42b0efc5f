"Drawing completions of tasks: kept as they come, gone on with after a kill, passed on in a pack."
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import pandas as pd
import pytest
from conftest import ROOT
from serving import breaking, serving
from tiny import tiny_llama

from llmr.core import InputError, bundle, check_table, unbundle
from llmr.runs import open_run
from llmr.benchmarks import load_tasks
from llmr.engines import OpenAI, Settings, Transformers
from llmr.answers import extract_code
from llmr.sampling import (
    CompletionStore, load_completions, pack, read_pack, sample_completions, sampling_record, task_requests)

SHORT = Settings(max_tokens=12)
FEW = dict(train=3, validation=1, test=1)
KILLS = int(os.environ.get('LLMR_TEST_KILLS', 2))


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture
def tasks():
    rows = [dict(task_id=k, benchmark='own', split=('train', 'validation', 'test')[k%3], text=f'Add {k} to a number.', tests=[f'assert add_{k}(1) == {k+1}'], setup='', entry_point=None) for k in range(9)]
    return check_table('tasks', pd.DataFrame(rows))


def lines(folder): return (folder/'samples.jsonl').read_text(encoding='utf-8').splitlines()


def test_the_table_has_what_was_asked(folder, tasks):
    drawn = sample_completions(tasks, Transformers(folder, SHORT, name='S'), FEW)
    assert drawn.groupby('task_id', sort=False).size().tolist()==[3, 1, 1]*3 and set(drawn.model)=={'S'} and set(drawn.template)=={'chat'}
    assert drawn.code.tolist()==[extract_code(text) for text in drawn.text] and drawn.n_tokens.between(1, 12).all()
    check_table('completions', drawn[['task_id', 'model', 'sample', 'text', 'code', 'n_tokens', 'finish_reason']])


def test_the_papers_numbers_are_the_defaults(tasks):
    ids, requests = task_requests(tasks)
    assert pd.Series(ids).value_counts().to_dict()=={**{k: 10 for k in (0, 3, 6)}, **{k: 1 for k in (1, 2, 4, 5, 7, 8)}}
    assert (Settings().temperature, Settings().max_tokens)==(.7, 512)


def test_what_is_known_is_not_drawn_again(folder, tasks, tmp_path):
    first, told = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), []
    class Silent(Transformers):
        "Must not be asked."
        def complete(self, requests, skip=frozenset()): raise AssertionError('asked')
    pd.testing.assert_frame_equal(sample_completions(tasks, Silent(folder, SHORT), FEW, folder=tmp_path), first)
    more = sample_completions(tasks, Transformers(folder, SHORT), dict(FEW, test=2), folder=tmp_path, on_progress=lambda done,total,**speed: told.append((done, total, speed)))
    assert [told[-1][:2], len(lines(tmp_path))]==[(3, 3), 18] and told[-1][2]['tokens_per_second']>0
    pd.testing.assert_frame_equal(more[~((more['sample']==1) & more.task_id.isin([2, 5, 8]))].reset_index(drop=True), first)


@pytest.mark.parametrize('change', [dict(temperature=.9), dict(max_tokens=11), dict(top_p=.9)])
def test_other_settings_are_kept_apart(folder, tasks, tmp_path, change):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    other = sample_completions(tasks, Transformers(folder, dataclasses.replace(SHORT, **change)), FEW, folder=tmp_path)
    assert len(lines(tmp_path))==30 and set(first.settings)&set(other.settings)==set()
    pd.testing.assert_frame_equal(sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), first)


def test_another_seed_and_another_model_of_the_same_name_are_kept_apart(folder, tasks, tmp_path):
    sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path/'kept')
    assert len(sample_completions(tasks, Transformers(folder, SHORT), FEW, seed=1, folder=tmp_path/'kept'))==15
    trained_on = tiny_llama(tmp_path/'other'/'tiny', seed=1)
    assert len(sample_completions(tasks, Transformers(trained_on, SHORT), FEW, folder=tmp_path/'kept'))==15
    assert len(lines(tmp_path/'kept'))==45


def test_a_torn_line_is_drawn_again_and_a_damaged_one_is_named(folder, tasks, tmp_path):
    first, path = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), tmp_path/'samples.jsonl'
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    pd.testing.assert_frame_equal(sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), first)
    assert sorted(path.read_bytes().splitlines())==sorted(whole.splitlines())
    for damage in ('{"a": 1', '[1, 2]', '[["k"], ["x"]]', '5'):
        path.write_text(damage+'\n')
        with pytest.raises(InputError, match='samples.jsonl, line 1: not a completion'): CompletionStore(tmp_path)


def test_a_model_that_writes_no_program_at_all(tasks, tmp_path):
    silent = Transformers(tiny_llama(tmp_path/'silent', silent=True), Settings(temperature=0., max_tokens=5))
    with pytest.raises(InputError, match='model silent: not one of 15 completions holds a program .stop.*prefill ""'): sample_completions(tasks, silent, FEW, folder=tmp_path)
    assert len(lines(tmp_path))==15


def test_files_of_several_machines_are_read_together(folder, tasks, tmp_path):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    (tmp_path/'samples.jsonl').rename(tmp_path/'node1.jsonl')
    pd.testing.assert_frame_equal(sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), first)
    assert not lines(tmp_path)


LINE = '''import sys
import pandas as pd
from llmr.engines import Settings, Transformers
from llmr.sampling import sample_completions
tasks, model, folder, out = sys.argv[1:]
sampler = Transformers(model, Settings(max_tokens=60), dict(batch_size=4))
sample_completions(pd.read_parquet(tasks), sampler, folder=folder).to_parquet(out)
'''


def test_killed_at_random_moments(folder, tasks, tmp_path):
    tasks.to_parquet(tmp_path/'tasks.parquet')
    command = lambda kept,out: [sys.executable, '-c', LINE, tmp_path/'tasks.parquet', folder, tmp_path/kept, tmp_path/out]
    start = lambda kept,out: subprocess.Popen(list(map(str, command(kept, out))), env=os.environ | dict(PYTHONPATH=str(ROOT)), stderr=subprocess.DEVNULL)
    assert start('whole', 'whole.parquet').wait(300)==0
    rng, path, killed = random.Random(), tmp_path/'kept'/'samples.jsonl', 0
    while killed<KILLS:
        if path.exists() and len(lines(tmp_path/'kept'))==36: shutil.rmtree(tmp_path/'kept')
        process, held = start('kept', 'kept.parquet'), path.stat().st_size if path.exists() else 0
        while process.poll() is None and (not path.exists() or path.stat().st_size==held): time.sleep(.005)
        time.sleep(rng.random()*.3)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60)==-signal.SIGKILL
    assert start('kept', 'kept.parquet').wait(300)==0
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path/'kept.parquet'), pd.read_parquet(tmp_path/'whole.parquet'))
    assert len(set(lines(tmp_path/'kept')))==len(lines(tmp_path/'kept'))==36


@pytest.mark.skipif(find_spec('openai') is None, reason='needs the package openai, from pip install "llmr[openai]"')
def test_a_served_table_and_that_the_key_is_nowhere(folder, tasks, tmp_path, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-never-written')
    wanted = sample_completions(tasks, Transformers(folder, SHORT), FEW)
    run = open_run('shipped', tmp_path/'run')
    with serving(folder) as server, breaking(server.url, {3: 500, 20: 500, 21: 500, 22: 500}) as proxy:
        sampler = OpenAI('tiny', SHORT, dict(base_url=proxy.url, tries=2, first_pause_s=.01, concurrency=1))
        with pytest.raises(InputError, match='no answer in 2 tries'): sample_completions(tasks, OpenAI('tiny', SHORT, sampler.engine | dict(base_url='http://127.0.0.1:9/v1')), FEW, folder=run.dir/'samples')
        drawn = sample_completions(tasks, sampler, FEW, folder=run.dir/'samples')
    run.note(sampling=dict(tiny=sampling_record(drawn, sampler, [1., 2.])))
    columns = ['task_id', 'sample', 'text', 'code', 'n_tokens', 'finish_reason', 'n_prompt_tokens', 'template']
    pd.testing.assert_frame_equal(drawn[columns], wanted[columns])
    held = json.loads((run.dir/'run.json').read_text())['sampling']['tiny']
    assert held['new_tokens']==drawn.n_tokens.sum() and held['cost_usd']==pytest.approx((drawn.n_prompt_tokens.sum()+2*drawn.n_tokens.sum())/1e6)
    assert not [path for path in tmp_path.rglob('*') if path.is_file() and b'sk-never-written' in path.read_bytes()]


def test_tasks_without_text_and_splits_without_a_number(tasks):
    with pytest.raises(InputError, match='task 11 has no text to ask a model with'): task_requests(load_tasks('shipped'))
    with pytest.raises(InputError, match="n_samples has no number from 1 for split 'test'"): task_requests(tasks[tasks.split=='test'], dict(train=10, test=0))


@pytest.fixture
def packed(tasks, folder, tmp_path):
    parts = [sample_completions(tasks, Transformers(folder, SHORT, name=name), FEW, seed) for seed,name in enumerate(('S', 'L'))]
    completions = check_table('completions', pd.concat(parts)[['task_id', 'model', 'sample', 'text', 'code', 'n_tokens', 'finish_reason']])
    path = tmp_path/'mine.zip'
    path.write_bytes(pack(tasks, completions, dict(order=['S', 'L'], seed=0)))
    return path, completions


def test_a_pack_gives_back_what_went_in(packed, tasks):
    path, completions = packed
    again, same, card = read_pack(path)
    pd.testing.assert_frame_equal(again, tasks)
    pd.testing.assert_frame_equal(same, completions)
    pd.testing.assert_frame_equal(load_tasks(str(path)), tasks)
    pd.testing.assert_frame_equal(load_completions(str(path), tasks, ('S', 'L')), completions)
    assert card['order']==['S', 'L'] and card['completions']==30 and path.read_bytes()==pack(tasks, completions, dict(order=['S', 'L'], seed=0))
    assert {'README.md', 'tasks.jsonl', 'completions.jsonl', 'card.json'}==set(unbundle(path, ()))


def test_a_pack_holds_any_character(tasks, packed):
    path, completions = packed
    odd = completions.assign(text='x = "\u2028\x85\x0c"\n', code='x = "\u2028\x85\x0c"')
    path.write_bytes(pack(tasks.assign(text='Add\u2029 it.\x85'), odd, {}))
    again, same, _ = read_pack(path)
    assert set(again.text)=={'Add\u2029 it.\x85'}
    pd.testing.assert_frame_equal(same, odd)


def test_a_damaged_pack_is_named(packed, tmp_path):
    path, _ = packed
    held, other = unbundle(path, ()), tmp_path/'other.zip'
    other.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match='other.zip: not a pack, or a damaged one'): load_tasks(str(other))
    with pytest.raises(InputError, match='other.zip: not a pack, or a damaged one'): read_pack(other)
    content = bundle({name: content for name,content in held.items() if name!='card.json'})
    other.write_bytes(content)
    with pytest.raises(InputError, match='other.zip: card.json is missing'): read_pack(other)
    import zipfile
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(other, 'w') as changed:
        for name in whole.namelist(): changed.writestr(name, whole.read(name).replace(b'Add 3', b'Add 4') if name=='tasks.jsonl' else whole.read(name))
    with pytest.raises(InputError, match='tasks.jsonl is missing, or its checksum differs'): read_pack(other)
    for content,told in ((b'{"task_id": 1}\n', r"lacks \['model'"), (b'{"task_id": 1}\n{"ta', 'other.zip, completions.jsonl, line 2: not valid JSON')):
        other.write_bytes(bundle(held | {'completions.jsonl': content}))
        with pytest.raises(InputError, match=told): read_pack(other)


def test_nothing_without_text_is_packed(tasks, packed):
    with pytest.raises(InputError, match='no text, so nobody could replay'): pack(tasks, packed[1].assign(text=None), {})
