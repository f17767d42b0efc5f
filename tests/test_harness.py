"Outcomes that other tools recorded: files of rows, and the recordings that this package knows by name."
import gzip
import json

import pandas as pd
import pytest

from llmr.core import InputError
from llmr.harness import EXTRACTS, READERS, load_extract, read_extract, read_frame

TASK = dict(task_id='T/1', prompt='Add two numbers.', tests='assert add(1, 2)==3\nprint("x")')
OUTCOME = dict(task_id='T/1', model='A', sample=0, passed=1)


def write_packed(path, *rows):
    path.write_bytes(gzip.compress('\n'.join(map(json.dumps, rows)).encode(), mtime=0))
    return path


# ---- files of rows

@pytest.mark.parametrize('suffix', sorted(READERS))
def test_a_file_of_rows_comes_back(tmp_path, suffix):
    frame = pd.DataFrame(dict(task_id=['a', 'b'], score=[.1, .2]))
    path = tmp_path/f'rows{suffix}'
    if suffix=='.parquet': frame.to_parquet(path)
    elif suffix=='.csv': frame.to_csv(path, index=False)
    else: frame.to_json(path, orient='records', lines=True)
    assert read_frame(path).equals(frame)


@pytest.mark.parametrize('name,content,message', [
    ('rows.parquet', None, r'rows\.parquet: no such file\. Give a \.parquet or \.jsonl or \.csv file of scores\.'),
    ('rows.xlsx', b'a,b', r'rows\.xlsx: neither \.parquet nor \.jsonl nor \.csv\. Save the scores as one of them\.'),
    ('rows.parquet', b'PAR1', r'rows\.parquet: not a readable Parquet file \('),
    ('rows.jsonl', b'{"a": 1}\n{"a"', r'rows\.jsonl, line 2: not valid JSON')])
def test_a_bad_file_of_rows_is_named(tmp_path, name, content, message):
    if content is not None: (tmp_path/name).write_bytes(content)
    with pytest.raises(InputError, match=message): read_frame(tmp_path/name, 'scores')


# ---- recordings

@pytest.mark.parametrize('name,tasks,models,samples', [
    ('humaneval', 164, 3, 10), ('mbpp500', 500, 3, 1), ('routerbench', 427, 11, 1)])
def test_recordings_by_name(recorded_data, name, tasks, models, samples):
    if not (recorded_data/'extracts').is_dir(): pytest.skip('no extracts in the recorded data')
    recorded, outcomes, costs = load_extract(name)
    assert len(recorded)==tasks and len(outcomes)==tasks*models*samples
    assert outcomes.model.nunique()==models==len(costs) and outcomes['sample'].nunique()==samples
    assert costs.cost_usd.notna().all()==(name=='routerbench')


def test_an_unknown_recording_is_refused():
    message = f"unknown recording 'apps'; choose from {', '.join(EXTRACTS)}"
    with pytest.raises(InputError, match=message): load_extract('apps')


@pytest.mark.parametrize('content,message', [
    (b'x', 'cannot be read'), (gzip.compress(b'{"a', mtime=0), 'line 1: not valid JSON'),
    (gzip.compress(b'{"prompt": "a"}', mtime=0), "no 'task_id'")])
def test_a_damaged_recording_is_named(tmp_path, content, message):
    (tmp_path/'tasks.jsonl.gz').write_bytes(content)
    with pytest.raises(InputError, match=message): read_extract(tmp_path/'tasks.jsonl.gz', tmp_path/'tasks.jsonl.gz')


@pytest.mark.parametrize('passed', [2, 'yes', None])
def test_passed_is_0_or_1(tmp_path, passed):
    tasks = write_packed(tmp_path/'tasks.jsonl.gz', TASK)
    outcomes = write_packed(tmp_path/'outcomes.jsonl.gz', OUTCOME, OUTCOME | dict(sample=1, passed=passed))
    with pytest.raises(InputError, match=r'outcomes\.jsonl\.gz, line 2: .*passed'): read_extract(tasks, outcomes)


@pytest.mark.parametrize('change,shown', [
    ({}, ['assert add(1, 2)==3']), (dict(entry_point='add'), []),
    (dict(entry_point='add', test_list=['assert add(0, 0)==0']), ['assert add(0, 0)==0'])])
def test_only_tests_that_the_models_were_shown_are_read(tmp_path, change, shown):
    tasks = write_packed(tmp_path/'tasks.jsonl.gz', TASK | change)
    assert read_extract(tasks, write_packed(tmp_path/'outcomes.jsonl.gz', OUTCOME))[0].tests[0].tolist()==shown
