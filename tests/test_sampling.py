"Completions: read from recordings, drawn and resumed, passed on in a pack."
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

from llmr.answers import extract_code
from llmr.benchmarks import load_tasks
from llmr.core import InputError, Store, bundle, check_table, package_file, unbundle
from llmr.engine_openai import OpenAI
from llmr.engine_transformers import Transformers
from llmr.engines import Completion, Settings
from llmr.runs import open_run
from llmr.sampling import (
    SAVED, check_completions, load_completions, pack, read_pack, read_recorded, sample_completions, sampling_record,
    saved_completions, task_requests)

SHORT = Settings(max_tokens=12)
FEW = dict(train=3, validation=1, test=1)
KILLS = int(os.environ.get('LLMR_TEST_KILLS', 2))
RECORDED_LINE = dict(item=dict(task_id=11), text=['\nx = 1\n```'], num_tokens=[5])


def recording(path, *lines):
    path.write_text('\n'.join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding='utf-8')
    return path


def toy_tables(): return [pd.read_parquet(package_file(f'toy/tables/{name}.parquet')) for name in ('tasks', 'completions')]


def write_toy(folder):
    "The toy completions as a folder of recordings."
    tasks, completions = toy_tables()
    for (model, split),rows in completions.merge(tasks[['task_id', 'split']]).groupby(['model', 'split']):
        lines = [dict(item=dict(task_id=task_id), text=mine.text.tolist(), num_tokens=mine.n_tokens.tolist()) for task_id,mine in rows.groupby('task_id')]
        recording(folder/f'{model.lower()}_{dict(validation="val").get(split, split)}.jsonl', *lines)
    return folder


@pytest.mark.parametrize('lines,told', [
    ([RECORDED_LINE, json.dumps(RECORDED_LINE)[:40]], 'line 2: not valid JSON'),
    ([RECORDED_LINE, RECORDED_LINE], 'line 2: task 11 is already on line 1'),
    ([RECORDED_LINE, dict(item=dict(task_id=12), text=['a', 'b'], num_tokens=[1, 2])], 'line 2: task 12 has 2 samples and the first line 1'),
    ([dict(item=dict(task_id=12), text=['a', 'b'], num_tokens=[1])], 'line 1: task 12 has 2 completions and 1 token counts'),
    ([dict(item=dict(task_id=12), text=[], num_tokens=[])], 'line 1: task 12 has 0 completions'),
    ([dict(item={}, text=['a'], num_tokens=[1])], 'item.task_id is None'),
    ([dict(item=dict(task_id=12), num_tokens=[1])], 'line 1: text is missing'),
    ([dict(item=dict(task_id=12), text=[None], num_tokens=[1])], 'not text'),
    ([dict(item=dict(task_id=12), text=['a'], num_tokens=[-1])], 'not a number from 0')])
def test_damaged_recordings_are_named(tmp_path, lines, told):
    path = recording(tmp_path/'a_test.jsonl', *lines)
    with pytest.raises(InputError, match=told) as e: list(read_recorded(path, 'A'))
    assert str(path) in str(e.value)


@pytest.mark.parametrize('drop,told', [
    ('model=="large" and task_id==14', 'model large has no completion of task 14'), ('task_id==14', 'task 14 .test. has no completion of any model'),
    ('model=="large" and task_id==309 and sample==9', 'model large, task 309: 9 samples where others of split train have 10'), ('model=="large"', "no completion of model 'large'")])
def test_models_must_be_comparable(drop, told):
    tasks, completions = toy_tables()
    with pytest.raises(InputError, match=told): check_completions(completions.query(f'not ({drop})'), tasks, ('small', 'large'))


def test_a_completion_of_no_task_and_a_second_sample():
    tasks, completions = toy_tables()
    with pytest.raises(InputError, match='completions of task 14, which is not among the tasks'): check_completions(completions, tasks.query('task_id!=14'), ('small', 'large'))
    with pytest.raises(InputError, match=f'completions, row {len(completions)}: second row for task_id='): check_table('completions', pd.concat([completions, completions.head(1)]))


def test_a_folder_gives_what_was_recorded(tmp_path):
    tasks, completions = toy_tables()
    pd.testing.assert_frame_equal(load_completions(str(write_toy(tmp_path)), tasks, ('small', 'large')), completions)


def test_a_folder_that_lacks_a_file(tmp_path):
    (write_toy(tmp_path)/'large_val.jsonl').unlink()
    with pytest.raises(InputError, match='large_val.jsonl: cannot be read'): load_completions(str(tmp_path), load_tasks('toy'), ('small', 'large'))


def test_unknown_completions():
    with pytest.raises(InputError, match="unknown completions 'nowhere'; choose from shipped"): load_completions('nowhere', load_tasks('toy'), ('small', 'large'))


def test_the_recordings_are_those_that_were_shipped(recorded_data, shipped):
    completions = load_completions('tjbai-llmr', load_tasks('mbpp'), ('1B', '8B', '70B'))
    assert len(completions)==12990
    pd.testing.assert_frame_equal(completions.drop(columns=['text', 'code']), shipped('completions').drop(columns=['text', 'code']), check_dtype=False)


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture
def tasks():
    rows = [dict(task_id=k, benchmark='own', split=('train', 'validation', 'test')[k%3], text=f'Add {k} to a number.', tests=[f'assert add_{k}(1) == {k+1}'], setup='', entry_point=None) for k in range(9)]
    return check_table('tasks', pd.DataFrame(rows))


def n_saved(folder):
    "Completions in the store of a folder."
    with Store(folder/SAVED) as store: return len(store)


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
    assert [told[-1][:2], n_saved(tmp_path)]==[(3, 3), 18] and told[-1][2]['tokens_per_second']>0
    pd.testing.assert_frame_equal(more[~((more['sample']==1) & more.task_id.isin([2, 5, 8]))].reset_index(drop=True), first)


@pytest.mark.parametrize('change', [dict(temperature=.9), dict(max_tokens=11), dict(top_p=.9)])
def test_other_settings_are_kept_apart(folder, tasks, tmp_path, change):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    other = sample_completions(tasks, Transformers(folder, dataclasses.replace(SHORT, **change)), FEW, folder=tmp_path)
    assert n_saved(tmp_path)==30 and set(first.settings)&set(other.settings)==set()
    pd.testing.assert_frame_equal(sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), first)


def test_another_seed_and_another_model_of_the_same_name_are_kept_apart(folder, tasks, tmp_path):
    sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path/'kept')
    assert len(sample_completions(tasks, Transformers(folder, SHORT), FEW, seed=1, folder=tmp_path/'kept'))==15
    trained_on = tiny_llama(tmp_path/'other'/'tiny', seed=1)
    assert len(sample_completions(tasks, Transformers(trained_on, SHORT), FEW, folder=tmp_path/'kept'))==15
    assert n_saved(tmp_path/'kept')==45


def test_a_damaged_store_is_named(folder, tasks, tmp_path):
    sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    (tmp_path/SAVED).write_bytes(b'{"a": 1}\n'*99)
    with pytest.raises(InputError, match=f'{SAVED}: damaged .*Delete it'):
        sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)


@pytest.mark.parametrize('entry', ['{"a": 1', '[1, 2]', '{"a": 1}', '5', b'\xff'])
def test_an_entry_that_is_no_completion_is_named(tmp_path, entry):
    with Store(tmp_path/SAVED) as store: store.put(dict(key=entry))
    with pytest.raises(InputError, match=f'{SAVED}: the entry key is not a completion'): saved_completions(tmp_path, ['key'])


def test_log_probabilities_that_are_unknown_come_back(tmp_path):
    unknown = Completion('x', 1, 'stop', 3, float('nan'), 'chat')
    class Silent(Transformers):
        "Knows no log-probabilities."
        revision = 'v1'
        def complete(self, requests, skip=frozenset()): return ((i, unknown) for i in range(len(requests)) if i not in skip)
    tasks = load_tasks('toy').groupby('split').head(1)
    first, again = [sample_completions(tasks, Silent('m'), folder=tmp_path) for _ in range(2)]
    pd.testing.assert_frame_equal(again, first)
    assert first.logprob.isna().all()


@pytest.mark.parametrize('prefill,text', [('```python', 'Here:\n```python\nx = 1\n```'), ('', '\nx = 1\n```')])
def test_words_before_the_fence_are_dropped_where_the_model_begins_its_turn(prefill, text):
    class Wordy(Transformers):
        "Says something first."
        revision = 'v1'
        def complete(self, requests, skip=frozenset()):
            "The same words each time."
            for i in range(len(requests)):
                yield i, Completion('Here:\n```python\nx = 1\n```', 9, 'stop', 3, -1., 'chat')
    tasks = load_tasks('toy').groupby('split').head(1)
    drawn = sample_completions(tasks, Wordy('m', Settings(prefill=prefill)))
    assert set(drawn.text)=={text} and set(drawn.code)=={extract_code(text)}


def test_a_model_that_writes_no_program_at_all(tasks, tmp_path):
    silent = Transformers(tiny_llama(tmp_path/'silent', silent=True), Settings(temperature=0., max_tokens=5))
    with pytest.raises(InputError, match='model silent: none of 15 completions contains a program .stop.*prefill ""'): sample_completions(tasks, silent, FEW, folder=tmp_path)
    assert n_saved(tmp_path)==15


def test_files_of_several_machines_are_read_together(folder, tasks, tmp_path):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    (tmp_path/SAVED).rename(tmp_path/'node1.sqlite')
    pd.testing.assert_frame_equal(sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path), first)
    assert not (tmp_path/SAVED).exists()


LINE = '''import sys
import pandas as pd
from llmr.engine_transformers import Transformers
from llmr.engines import Settings
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
    rng, kept, killed = random.Random(), tmp_path/'kept', 0
    kept.mkdir()
    while killed<KILLS:
        if n_saved(kept)==36: shutil.rmtree(kept)
        kept.mkdir(exist_ok=True)
        process, before = start('kept', 'kept.parquet'), n_saved(kept)
        while process.poll() is None and n_saved(kept)==before: time.sleep(.005)
        time.sleep(rng.random()*.3)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60)==-signal.SIGKILL
    assert start('kept', 'kept.parquet').wait(300)==0
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path/'kept.parquet'), pd.read_parquet(tmp_path/'whole.parquet'))
    assert n_saved(kept)==36


@pytest.mark.skipif(find_spec('openai') is None, reason='needs the package openai, from pip install "llmr[openai]"')
def test_a_served_table_and_that_the_key_is_nowhere(folder, tasks, tmp_path, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-never-written')
    wanted = sample_completions(tasks, Transformers(folder, SHORT), FEW)
    run = open_run('shipped', tmp_path/'run')
    with serving(folder) as server, breaking(server.url, {3: 500, 20: 500, 21: 500, 22: 500}) as proxy:
        sampler = OpenAI('tiny', SHORT, dict(base_url=proxy.url, tries=2, first_pause_s=.01, concurrency=1))
        with pytest.raises(InputError, match='no answer in 2 tries'): sample_completions(tasks, OpenAI('tiny', SHORT, sampler.options | dict(base_url='http://127.0.0.1:9/v1')), FEW, folder=run.dir/'samples')
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
