import json

import pandas as pd
import pytest

from llmr.core import InputError, check_table, package_file
from llmr.benchmarks import load_tasks
from llmr.answers import extract_code, finish_reason
from llmr.sampling import check_completions, load_completions, read_recorded

LINE = dict(item=dict(task_id=11), text=['\nx = 1\n```'], num_tokens=[5])


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


def test_code_ends_at_the_fence():
    assert extract_code('\nx = 1\n```\nDone.')=='x = 1'
    assert extract_code('x = 1')=='x = 1' and extract_code('```')==''
    assert [finish_reason(n) for n in (511, 512, 513)]==['stop', 'length', 'length']


@pytest.mark.parametrize('lines,told', [
    ([LINE, json.dumps(LINE)[:40]], 'line 2: not valid JSON'),
    ([LINE, LINE], 'line 2: task 11 stands on line 1 already'),
    ([LINE, dict(item=dict(task_id=12), text=['a', 'b'], num_tokens=[1, 2])], 'line 2: task 12 has 2 samples and the first line 1'),
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
    with pytest.raises(InputError, match='no completions are called'): load_completions('nowhere', load_tasks('toy'), ('small', 'large'))


def test_the_recordings_are_those_that_were_shipped(recorded_data, shipped):
    completions = load_completions('tjbai-llmr', load_tasks('mbpp'), ('1B', '8B', '70B'))
    assert len(completions)==12990
    pd.testing.assert_frame_equal(completions.drop(columns=['text', 'code']), shipped('completions').drop(columns=['text', 'code']), check_dtype=False)
