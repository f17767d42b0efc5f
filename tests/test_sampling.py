"Completions: read from recordings, drawn and resumed, passed on in a pack."
import dataclasses
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import time
import zipfile
from importlib.util import find_spec

import kind_tasks
import numpy as np
import pandas as pd
import pytest
from serving import ANTHROPIC, DEEPSEEK, O_SERIES, VLLM, breaking, hosting, serving
from tiny import tiny_llama

from llmr.answers import continued_program
from llmr.benchmarks import load_tasks
from llmr.cli import main
from llmr.core import TEST_KINDS, InputError, Store, bundle, check_table, package_file, unbundle
from llmr.engine_openai import OpenAI
from llmr.engine_transformers import Transformers
from llmr.engines import Completion, Settings
from llmr.execution import execute
from llmr.runs import open_run
from llmr.sampling import (
    SAVED, _to_json, check_completions, columns_of, completion_keys, load_completions, pack, read_pack, read_recorded,
    sample_completions, sampling_notes, sampling_record, saved_completions, task_requests)

needs_openai = pytest.mark.skipif(
    find_spec('openai') is None, reason='needs the package openai, from pip install "llmr[openai]"')
SHORT = Settings(max_tokens=12)
FEW = dict(train=3, validation=1, test=1)
KILLS = int(os.environ.get('LLMR_TEST_KILLS', 2))
RECORDED_LINE = dict(item=dict(task_id=11), text=['\nx = 1\n```'], num_tokens=[5])
COLUMNS = ['task_id', 'model', 'sample', 'text', 'code', 'n_tokens', 'finish_reason']


def recording(path, *lines):
    path.write_text('\n'.join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding='utf-8')
    return path


def toy_tables():
    return [pd.read_parquet(package_file(f'toy/tables/{name}.parquet')) for name in ('tasks', 'completions')]


def write_toy(folder):
    "The toy completions as a folder of recordings."
    tasks, completions = toy_tables()
    for (model, split),rows in completions.merge(tasks[['task_id', 'split']]).groupby(['model', 'split']):
        lines = [dict(item=dict(task_id=task_id), text=samples.text.tolist(), num_tokens=samples.n_tokens.tolist())
                 for task_id,samples in rows.groupby('task_id')]
        recording(folder/f'{model.lower()}_{dict(validation="val").get(split, split)}.jsonl', *lines)
    return folder


@pytest.mark.parametrize('lines,message', [
    ([RECORDED_LINE, json.dumps(RECORDED_LINE)[:40]], 'line 2: not valid JSON'),
    ([RECORDED_LINE, RECORDED_LINE], 'line 2: task 11 is already on line 1'),
    ([RECORDED_LINE, dict(item=dict(task_id=12), text=['a', 'b'], num_tokens=[1, 2])],
     'line 2: task 12 has 2 samples and the first line 1'),
    ([dict(item=dict(task_id=12), text=['a', 'b'], num_tokens=[1])],
     'line 1: task 12 has 2 completions and 1 token counts'),
    ([dict(item=dict(task_id=12), text=[], num_tokens=[])], 'line 1: task 12 has 0 completions'),
    ([dict(item={}, text=['a'], num_tokens=[1])], 'item.task_id is None'),
    ([dict(item=dict(task_id=12), num_tokens=[1])], 'line 1: text is missing'),
    ([dict(item=dict(task_id=12), text=[None], num_tokens=[1])], 'not text'),
    ([dict(item=dict(task_id=12), text=['a'], num_tokens=[-1])], 'not a number from 0')])
def test_damaged_recordings_are_rejected_with_their_line(tmp_path, lines, message):
    path = recording(tmp_path/'a_test.jsonl', *lines)
    with pytest.raises(InputError, match=message) as e: list(read_recorded(path, 'A'))
    assert str(path) in str(e.value)


@pytest.mark.parametrize('missing_rows,message', [
    ('model=="large" and task_id==14', 'model large has no completion of task 14'),
    ('task_id==14', 'task 14 .test. has no completion of any model'),
    ('model=="large" and task_id==309 and sample==9',
     'model large, task 309: 9 samples where others of split train have 10'),
    ('model=="large"', "no completion of model 'large'")])
def test_models_must_be_comparable(missing_rows, message):
    tasks, completions = toy_tables()
    incomplete = completions.query(f'not ({missing_rows})')
    with pytest.raises(InputError, match=message): check_completions(incomplete, tasks, ('small', 'large'))


def test_completions_of_unknown_tasks_and_duplicate_samples_are_rejected():
    tasks, completions = toy_tables()
    without_14 = tasks.query('task_id!=14')
    with pytest.raises(InputError, match='completions of task 14, which is not among the tasks'):
        check_completions(completions, without_14, ('small', 'large'))
    duplicated = pd.concat([completions, completions.head(1)])
    with pytest.raises(InputError, match=f'completions, row {len(completions)}: second row for task_id='):
        check_table('completions', duplicated)


def test_a_folder_of_recordings_loads_unchanged(tmp_path):
    tasks, completions = toy_tables()
    loaded = load_completions(str(write_toy(tmp_path)), tasks, ('small', 'large'))
    pd.testing.assert_frame_equal(loaded.drop(columns='n_program_tokens'), completions.drop(columns='form'))
    assert loaded.n_program_tokens.between(1, loaded.n_tokens).all(), 'no more than were written'


def test_a_folder_that_lacks_a_file(tmp_path):
    (write_toy(tmp_path)/'large_val.jsonl').unlink()
    with pytest.raises(InputError, match='large_val.jsonl: cannot be read'):
        load_completions(str(tmp_path), load_tasks('toy'), ('small', 'large'))


def test_unknown_completions():
    with pytest.raises(InputError, match="unknown completions 'nowhere'; choose from shipped"):
        load_completions('nowhere', load_tasks('toy'), ('small', 'large'))


def test_the_shipped_completions_are_the_recorded_ones(recorded_data, shipped):
    completions = load_completions('tjbai-llmr', load_tasks('mbpp'), ('1B', '8B', '70B'))
    assert len(completions)==12990
    texts = ['text', 'code']
    pd.testing.assert_frame_equal(
        completions.drop(columns=texts), shipped('completions').drop(columns=texts), check_dtype=False)


@pytest.fixture(scope='module')
def folder(tmp_path_factory): return tiny_llama(tmp_path_factory.mktemp('tiny')/'tiny')


@pytest.fixture
def tasks():
    rows = [
        dict(task_id=k, benchmark='own', split=('train', 'validation', 'test')[k%3],
             text=f'Add {k} to a number.', tests=[f'assert add_{k}(1) == {k+1}'], setup='', entry_point=None)
        for k in range(9)]
    return check_table('tasks', pd.DataFrame(rows))


def n_saved(folder):
    "Completions in the store of a folder."
    with Store(folder/SAVED) as store: return len(store)


def test_every_split_gets_its_number_of_samples(folder, tasks):
    drawn = sample_completions(tasks, Transformers(folder, SHORT, name='S'), FEW)
    assert drawn.groupby('task_id', sort=False).size().tolist()==[3, 1, 1]*3
    assert set(drawn.model)=={'S'} and set(drawn.template)=={'chat'}
    assert drawn.code.tolist()==[continued_program(text) for text in drawn.text] and drawn.n_tokens.between(1, 12).all()
    check_table('completions', drawn[COLUMNS])


def test_the_papers_numbers_are_the_defaults(tasks):
    ids, requests = task_requests(tasks)
    samples_per_task = pd.Series(ids).value_counts().to_dict()
    assert samples_per_task=={**dict.fromkeys((0, 3, 6), 10), **dict.fromkeys((1, 2, 4, 5, 7, 8), 1)}
    assert (Settings().temperature, Settings().max_tokens)==(.7, 512)


def test_saved_completions_are_not_sampled_again(folder, tasks, tmp_path):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    class Silent(Transformers):
        "Must not be asked."
        def complete(self, requests, skip=frozenset()): raise AssertionError('asked')
    again = sample_completions(tasks, Silent(folder, SHORT), FEW, folder=tmp_path)
    pd.testing.assert_frame_equal(again, first)
    reports = []
    on_progress = lambda done,total,**speed: reports.append((done, total, speed))
    more = sample_completions(
        tasks, Transformers(folder, SHORT), dict(FEW, test=2), folder=tmp_path, on_progress=on_progress)
    done, total, speed = reports[-1]
    assert (done, total)==(3, 3) and n_saved(tmp_path)==18 and speed['tokens_per_second']>0
    is_new = (more['sample']==1) & more.task_id.isin([2, 5, 8])
    pd.testing.assert_frame_equal(more[~is_new].reset_index(drop=True), first)


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


def test_a_damaged_store_is_rejected(folder, tasks, tmp_path):
    sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    (tmp_path/SAVED).write_bytes(b'{"a": 1}\n'*99)
    with pytest.raises(InputError, match=f'{SAVED}: damaged .*Delete it'):
        sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)


@pytest.mark.parametrize('entry', ['{"a": 1', '[1, 2]', '{"a": 1}', '5', b'\xff'])
def test_store_entries_that_are_not_completions_are_rejected(tmp_path, entry):
    with Store(tmp_path/SAVED) as store: store.put(dict(key=entry))
    with pytest.raises(InputError, match=f'{SAVED}: the entry key is not a completion'):
        saved_completions(tmp_path, ['key'])


def test_log_probabilities_that_are_unknown_come_back(tmp_path):
    unknown = Completion('x', 1, 'stop', 3, float('nan'), 'chat')
    class Silent(Transformers):
        "Knows no log-probabilities."
        revision = 'v1'
        def complete(self, requests, skip=frozenset()):
            "The same completion each time."
            return ((i, unknown) for i in range(len(requests)) if i not in skip)
    tasks = load_tasks('toy').groupby('split').head(1)
    first, again = [sample_completions(tasks, Silent('m'), folder=tmp_path) for _ in range(2)]
    pd.testing.assert_frame_equal(again, first)
    assert first.logprob.isna().all()
    assert not {'min_logprob', 'margin'} & set(columns_of('sampled', first))
    keys = completion_keys(Silent('m'), task_requests(tasks)[1], 42)
    with Store(tmp_path/SAVED) as store: assert {len(json.loads(entry)) for entry in store.get(keys).values()}=={10}


def test_signals_are_saved_and_stores_without_them_read(tmp_path):
    sure = Completion('x', 1, 'stop', 3, -.7, 'chat', min_logprob=-.7, margin=2.5)
    with Store(tmp_path/SAVED) as store:
        store.put(dict(old=json.dumps([*sure[:10]]), short=json.dumps([*sure[:6]]), new=_to_json(sure),
                       half=_to_json(sure._replace(margin=float('nan')))))
    saved = saved_completions(tmp_path, ['old', 'short', 'new', 'half'])
    assert saved['new']==sure and saved['half'].min_logprob==-.7 and np.isnan(saved['half'].margin)
    assert all(np.isnan([saved[key].min_logprob, saved[key].margin]).all() for key in ('old', 'short'))
    same = dict(model='m', sample=0, sampler='s', revision='r', settings='k')
    rows = pd.DataFrame([dict(task_id=i, **same, **saved[key]._asdict()) for i,key in enumerate(saved)])
    assert check_table('sampled', columns_of('sampled', rows)).margin.notna().sum()==1
    assert 'margin' not in columns_of('sampled', rows[rows.margin.isna()])


@pytest.mark.parametrize('prefill,code', [('```python', 'Here:'), ('', 'x = 1')])
def test_a_turn_that_the_model_begins_itself_is_a_whole_answer(prefill, code):
    class Wordy(Transformers):
        "Says something first."
        revision = 'v1'
        def complete(self, requests, skip=frozenset()):
            "The same words each time."
            for i in range(len(requests)):
                yield i, Completion('Here:\n```python\nx = 1\n```', 9, 'stop', 3, -1., 'chat')
    tasks = load_tasks('toy').groupby('split').head(1)
    drawn = sample_completions(tasks, Wordy('m', Settings(prefill=prefill)))
    assert set(drawn.text)=={'Here:\n```python\nx = 1\n```'} and set(drawn.code)=={code}


def test_a_model_that_writes_no_program_at_all(tasks, tmp_path):
    silent = Transformers(tiny_llama(tmp_path/'silent', silent=True), Settings(temperature=0., max_tokens=5))
    message = 'model silent: none of 15 completions contains a program .stop.*another prefill'
    with pytest.raises(InputError, match=message): sample_completions(tasks, silent, FEW, folder=tmp_path)
    assert n_saved(tmp_path)==15


def test_files_of_several_machines_are_read_together(folder, tasks, tmp_path):
    first = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    (tmp_path/SAVED).rename(tmp_path/'node1.sqlite')
    again = sample_completions(tasks, Transformers(folder, SHORT), FEW, folder=tmp_path)
    pd.testing.assert_frame_equal(again, first)
    assert not (tmp_path/SAVED).exists()


def sample_to(tasks, model, folder, out):
    "What a process of its own does: sample into a store and write the table."
    sampler = Transformers(model, Settings(max_tokens=60), dict(batch_size=4))
    sample_completions(pd.read_parquet(tasks), sampler, folder=folder).to_parquet(out)


def test_killed_at_random_moments(folder, tasks, tmp_path):
    tasks.to_parquet(tmp_path/'tasks.parquet')
    context = multiprocessing.get_context('forkserver') # whose processes have the imports already
    context.set_forkserver_preload(['torch', 'transformers', 'llmr.sampling', 'llmr.engine_transformers', __name__])
    def start(store, out):
        "Sample into a store and write the table, in a process of its own."
        paths = tmp_path/'tasks.parquet', folder, tmp_path/store, tmp_path/out
        process = context.Process(target=sample_to, args=paths)
        process.start()
        return process
    def ended(process):
        "How it ended."
        process.join(300)
        return process.exitcode
    assert ended(start('whole', 'whole.parquet'))==0
    rng, kept, killed = random.Random(), tmp_path/'kept', 0
    kept.mkdir()
    while killed<KILLS:
        if n_saved(kept)==36: shutil.rmtree(kept)
        kept.mkdir(exist_ok=True)
        process, before = start('kept', 'kept.parquet'), n_saved(kept)
        while process.is_alive() and n_saved(kept)==before: time.sleep(.005)
        time.sleep(rng.random()*.3)
        process.kill()
        killed += ended(process)==-signal.SIGKILL
    assert ended(start('kept', 'kept.parquet'))==0
    resumed, whole = [pd.read_parquet(tmp_path/f'{name}.parquet') for name in ('kept', 'whole')]
    pd.testing.assert_frame_equal(resumed, whole)
    assert n_saved(kept)==36


@needs_openai
def test_a_server_gives_the_same_table_and_its_key_is_written_nowhere(folder, tasks, tmp_path, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'sk-never-written')
    wanted = sample_completions(tasks, Transformers(folder, SHORT), FEW)
    run = open_run('shipped', tmp_path/'run')
    with serving(folder) as server, breaking(server.url, {3: 500, 20: 500, 21: 500, 22: 500}) as proxy:
        engine = dict(base_url=proxy.url, tries=2, first_pause_s=.01, concurrency=1, continues=True)
        sampler = OpenAI('tiny', SHORT, engine)
        unreachable = OpenAI('tiny', SHORT, sampler.options | dict(base_url='http://127.0.0.1:9/v1'))
        with pytest.raises(InputError, match='no answer in 2 tries'):
            sample_completions(tasks, unreachable, FEW, folder=run.dir/'samples')
        drawn = sample_completions(tasks, sampler, FEW, folder=run.dir/'samples')
    run.note(sampling=dict(tiny=sampling_record(drawn, sampler, [1., 2.])))
    columns = ['task_id', 'sample', 'text', 'code', 'n_tokens', 'finish_reason', 'n_prompt_tokens', 'template']
    pd.testing.assert_frame_equal(drawn[columns], wanted[columns])
    record = json.loads((run.dir/'run.json').read_text())['sampling']['tiny']
    cost = (drawn.n_prompt_tokens.sum()+2*drawn.n_tokens.sum())/1e6
    assert record['new_tokens']==drawn.n_tokens.sum() and record['cost_usd']==pytest.approx(cost)
    files = [path for path in tmp_path.rglob('*') if path.is_file()]
    assert files and not [path for path in files if b'sk-never-written' in path.read_bytes()]


def adder(model, prompt):
    "A model that can add, the small one only odd numbers."
    k = int(re.search(r'add_(\d+)', prompt).group(1))
    return f'def add_{k}(x):\n    return x + {k if model=="large" or k%2 else -1}'


def hosted(server, name, **settings):
    "A sampler of a model on a server."
    return OpenAI(name, Settings(**dict(max_tokens=400) | settings), dict(base_url=server.url, first_pause_s=.01))


@needs_openai
@pytest.mark.parametrize('habits', [O_SERIES, VLLM, DEEPSEEK, ANTHROPIC], ids=['o', 'vllm', 'deepseek', 'anthropic'])
def test_a_hosted_pair_is_graded_as_it_answers(habits, tasks, tmp_path):
    with hosting(habits, adder) as server:
        drawn = [sample_completions(tasks, hosted(server, name), FEW, folder=tmp_path) for name in ('small', 'large')]
        n_asked = len(server.asked)
        again = sample_completions(tasks, hosted(server, 'large'), FEW, folder=tmp_path)
        assert len(server.asked)==n_asked, 'a completion was drawn again'
    pd.testing.assert_frame_equal(again, drawn[1])
    completions = check_table('completions', columns_of('completions', pd.concat(drawn)))
    assert set(completions.form)=={'continued' if habits.continues else 'whole'}
    assert ('n_reasoning_tokens' in completions)==bool(habits.reasoning)
    outcomes = execute(completions, tasks)
    right = outcomes.model.eq('large') | outcomes.task_id.mod(2).eq(1)
    assert outcomes.n_passed.eq(1).tolist()==right.tolist()
    card = dict(sampling={name: dict(settings=dict(prefill='```python')) for name in ('small', 'large')})
    (tmp_path/'both.zip').write_bytes(pack(tasks, completions, card))
    pd.testing.assert_frame_equal(read_pack(tmp_path/'both.zip')[1], completions)


@needs_openai
def test_what_the_record_says_of_a_hosted_model(tasks, caplog):
    with hosting(O_SERIES, adder) as server:
        sampler = hosted(server, 'large', max_tokens=41)
        message = 'none of 15 completions contains a program .length.*100% were cut at max_tokens=30'
        with pytest.raises(InputError, match=message):
            sample_completions(tasks, hosted(server, 'large', max_tokens=30), FEW)
        assert 'model large: 100.0% of 15 completions were cut at max_tokens=30, 100.0% before any' in caplog.text
        drawn = sample_completions(tasks, hosted(server, 'large'), FEW)
    record = sampling_record(drawn, sampler, [1., 10.])
    assert record['reasoning_tokens']==15*40 and record['new_tokens']==drawn.n_tokens.sum()
    assert record['cost_usd']==pytest.approx((drawn.n_prompt_tokens.sum()+10*drawn.n_tokens.sum())/1e6, abs=1e-6)
    assert record['refused']=={'temperature, top_p, seed': 15} and record['forms']=={'whole': 15}
    words = 'continues no assistant turn', 'temperature=0.7', 'top_p=1', 'not reproducible'
    assert len(record['notes'])==4 and all(word in note for word,note in zip(words, record['notes']))
    cut = drawn.assign(finish_reason=['length']*3+['stop']*12, text=['']*2+drawn.text.tolist()[2:])
    last = sampling_notes(cut, sampler)[-1]
    assert last.startswith('20.0% of 15 completions were cut at max_tokens=41, 13.3% before any answer')


@needs_openai
@pytest.mark.parametrize('habits', [O_SERIES, VLLM], ids=['o', 'vllm'])
def test_every_kind_of_tests_from_a_file_of_tasks_to_the_verdict(habits, tmp_path, capsys):
    tasks = load_tasks(str(kind_tasks.write(tmp_path/'kinds.jsonl')))
    assert sorted(tasks.test_kind.unique())==sorted(TEST_KINDS)
    once = dict.fromkeys(('train', 'validation', 'test'), 1)
    with hosting(habits, kind_tasks.program) as server:
        drawn = [sample_completions(tasks, hosted(server, name), once) for name in ('small', 'large')]
    outcomes = execute(columns_of('completions', pd.concat(drawn)), tasks)
    right = outcomes.model.eq('large') | outcomes.task_id.str.fullmatch(r'.*[02468]')
    assert outcomes.n_passed.eq(outcomes.n_tests).tolist()==right.tolist()
    outcomes.to_parquet(tmp_path/'outcomes.parquet')
    assert main(['verdict', str(tmp_path/'outcomes.parquet'), '--small', 'small', '--large', 'large'])==4
    assert capsys.readouterr().out.count('NEED')==1


@pytest.mark.parametrize('text,n', [
    ('<think>\n'+'Hm. '*30+'</think>\n```python\nx = 1\n```', 88), ('```python\nx = 1\n```\n', None),
    ('Hm.\r\n```python\r\nx = 1\r\n```', None), ('<think>Hm. '*9, 100)])
def test_reasoning_inside_an_answer_is_counted_by_its_share(text, n, tasks):
    class Thinker(Transformers):
        "Says the same each time."
        revision = 'v1'
        def complete(self, requests, skip=frozenset()):
            "The same words each time, and a program first."
            for i in range(len(requests)):
                yield i, Completion(text if i else '```\nx = 1\n```', 100, 'stop', 3, -1., 'chat')
    drawn = sample_completions(tasks, Thinker('m', Settings(prefill='')), FEW)
    counts = drawn.n_reasoning_tokens[1:]
    assert counts.isna().all() if n is None else counts.sub(n).abs().max()<=3


def test_tasks_without_text_and_splits_without_a_number(tasks):
    with pytest.raises(InputError, match='task 11 has no text to ask a model with'):
        task_requests(load_tasks('shipped'))
    with pytest.raises(InputError, match="n_samples has no number from 1 for split 'test'"):
        task_requests(tasks[tasks.split=='test'], dict(train=10, test=0))


@pytest.fixture
def packed(tasks, folder, tmp_path):
    samplers = [Transformers(folder, SHORT, name=name) for name in ('S', 'L')]
    parts = [sample_completions(tasks, sampler, FEW, seed) for seed,sampler in enumerate(samplers)]
    completions = check_table('completions', pd.concat(parts)[COLUMNS])
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
    assert card['order']==['S', 'L'] and card['completions']==30
    assert path.read_bytes()==pack(tasks, completions, dict(order=['S', 'L'], seed=0))
    assert {'README.md', 'tasks.jsonl', 'completions.jsonl', 'card.json'}==set(unbundle(path, ()))


def test_answers_of_a_pack_that_do_not_say_their_form(tasks, tmp_path):
    texts = ['```python\nx = 1\n```', 'Here:\n```python\nx = 1\n```\nDone.', 'x = 1\n```\nDone.']
    rows = pd.DataFrame(dict(task_id=tasks.task_id.iloc[0], model='m', sample=range(3), text=texts, n_tokens=9,
                             code='', finish_reason='stop'))
    (tmp_path/'mine.zip').write_bytes(pack(tasks, rows, {}))
    assert read_pack(tmp_path/'mine.zip')[1].code.tolist()==['x = 1']*3


def test_a_pack_holds_any_character(tasks, packed):
    path, completions = packed
    odd = completions.assign(text='x = "\u2028\x85\x0c"\n', code='x = "\u2028\x85\x0c"')
    path.write_bytes(pack(tasks.assign(text='Add\u2029 it.\x85'), odd, {}))
    again, same, _ = read_pack(path)
    assert set(again.text)=={'Add\u2029 it.\x85'}
    pd.testing.assert_frame_equal(same, odd)


def test_damaged_packs_are_rejected(packed, tmp_path):
    path, _ = packed
    contents, damaged = unbundle(path, ()), tmp_path/'other.zip'
    damaged.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match='other.zip: not a pack, or a damaged one'): load_tasks(str(damaged))
    with pytest.raises(InputError, match='other.zip: not a pack, or a damaged one'): read_pack(damaged)
    damaged.write_bytes(bundle({name: content for name,content in contents.items() if name!='card.json'}))
    with pytest.raises(InputError, match='other.zip: card.json is missing'): read_pack(damaged)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(damaged, 'w') as changed:
        for name in whole.namelist():
            content = whole.read(name)
            changed.writestr(name, content.replace(b'Add 3', b'Add 4') if name=='tasks.jsonl' else content)
    with pytest.raises(InputError, match='tasks.jsonl is missing, or its checksum differs'): read_pack(damaged)


@pytest.mark.parametrize('lines,message', [
    (b'{"task_id": 1}\n', r"lacks \['model'"),
    (b'{"task_id": 1}\n{"ta', 'other.zip, completions.jsonl, line 2: not valid JSON')])
def test_packs_with_malformed_completions_are_rejected(packed, tmp_path, lines, message):
    path, _ = packed
    damaged = tmp_path/'other.zip'
    damaged.write_bytes(bundle(unbundle(path, ()) | {'completions.jsonl': lines}))
    with pytest.raises(InputError, match=message): read_pack(damaged)


def test_completions_without_text_cannot_be_packed(tasks, packed):
    with pytest.raises(InputError, match='no text, so nobody could replay'):
        pack(tasks, packed[1].assign(text=None), {})
