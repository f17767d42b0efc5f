"Tables in batches of columns: the same records, row by row or not, and the same words about the first wrong row."
import json
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from llmr.ceilings import ceiling_gain, weight_parts
from llmr.core import InputError, check_table, json_lines
from llmr.evaluation import bootstrap_weights
from llmr.files import Document, Rows, as_batch, parse, read_documents, rows_in_memory
from llmr.formats import gather
from llmr.rows import find_columns, record, records_frame, records_list, stacked, table_records


@pytest.fixture
def small_batches(monkeypatch):
    "Batches of five rows."
    for module in ('files', 'rows'): monkeypatch.setattr(f'llmr.{module}.CHUNK', 5)


CELLS = dict(task_id=['a', ' b ', 3, 4., None], model=['A', 'B', ''], cost=[.1, 0, None, '0,5'], tokens=[3, None, 7.5],
             prompt=['Add.', 'Sort.', None], n_tests=[2], n_passed=[0, 1, 2], status=['ran', 'timeout'],
             score=[0, .25, '1', 'yes', '', float('nan')], seconds=[1.5, None], group=['g', None])


def random_rows(seed):
    "Rows with some of the columns; a cell here and there is one that `record` refuses."
    rng = random.Random(seed)
    counted = rng.choice([['n_tests', 'n_passed', 'status'], ['score']])
    names = ['task_id', 'model', *counted, *rng.sample(['cost', 'tokens', 'prompt', 'seconds', 'group'], 3)]
    alike = rng.random()<.5
    cells = {name: CELLS[name] if not alike else [cell for cell in CELLS[name] if type(cell) in (str, type(None))]
             or CELLS[name] for name in names}
    rows = [{name: rng.choice(cells[name]) for name in names} for _ in range(rng.choice([1, 4, 5, 17]))]
    if seed%3==0: rng.choice(rows)[counted[-1] if counted[-1]=='score' else 'n_passed'] = 87
    if seed%5==0: rows[-1].pop('model')
    return rows


def row_by_row(rows):
    "What `table_records` must make: fields of each record, or the words of the first error."
    columns = find_columns(rows)
    try: made = [record(row, columns, f'a.csv, row {number}') for number,row in enumerate(rows, 1)]
    except InputError as e: return str(e)
    for number,one in enumerate(made, 1):
        if one['task_id'] is None: return f'a.csv, row {number}: neither a task_id nor a prompt.'
    return [one | dict(task_id=one['task_id'].strip()) for one in made]


@pytest.mark.parametrize('kept', ['rows', 'list'])
def test_columns_make_the_records_that_rows_make(small_batches, kept):
    for seed in range(120):
        rows = random_rows(seed)
        expected, given = row_by_row(rows), rows_in_memory(iter(rows)) if kept=='rows' else rows
        try: records = table_records(given, 'a.csv')
        except InputError as e:
            assert str(e)==expected, seed
            continue
        plain = lambda value: None if value!=value else value
        for number,row in enumerate(records.to_dict('records')):
            assert {name: plain(value) for name,value in row.items()}=={name: plain(expected[number][name])
                                                                        for name in row}, (seed, number)


def test_rows_of_every_kind_come_back_as_they_were(small_batches):
    odd = [dict(a=1), dict(a='x'), dict(b=[1]), dict(a=True), dict(a=None)]*3
    rows = rows_in_memory(iter(odd))
    assert list(rows)==odd and rows==odd and rows[12]==dict(b=[1]) and rows[3:8]==odd[3:8] and len(rows)==15
    assert as_batch([dict(a=2**70)])==[dict(a=2**70)] and rows!='x'
    with pytest.raises(IndexError): rows[15]
    with pytest.raises(TypeError): rows['eval']
    same = Document('a.json', 'json', odd), Document('b.jsonl', 'lines', rows)
    assert same[0].digest==same[1].digest


@pytest.mark.parametrize('name, content, message', [
    ('a.csv', 'task_id,passed\n'+'a,1\n'*20+'a,1,1\n', 'a.csv, line 22: 3 cells below 2 headings'),
    ('a.csv', 'task_id,score\n'+'a,1\n'*20+'a,7\n', "a.csv, row 22: score is '7'"),
    ('a.csv', 'task_id,passed\ra,1\ra\n', 'a.csv, line 3: 1 cells below 2 headings'),
    ('a.jsonl', '{"task_id": "a", "score": 1}\n'*20+'{"task_id"\n', 'a.jsonl, line 21: not valid JSON'),
    ('a.jsonl', '{"task_id": "a", "score": 1}\n'*20+'{"task_id": "b", "score": 3}\n', 'a.jsonl, row 21: score is 3'),
    ('a.jsonl', '{"task_id": "a", "score": 1, "tokens": 1e30}\n'*2, 'a.jsonl, row 1: tokens is 1e[+]30'),
    ('a.jsonl', '{"task_id": "a", "n_tests": 1e30, "n_passed": 1}\n'*2, 'n_tests is 1e[+]30, and should be a whole')])
def test_what_is_wrong_far_down_is_named(small_batches, tmp_path, name, content, message):
    (tmp_path/name).write_text(content, newline='')
    with pytest.raises(InputError, match=message): gather([f'A={tmp_path/name}'])


def test_a_parquet_file_damaged_in_the_middle_is_named(tmp_path):
    path = tmp_path/'a.parquet'
    rows = pa.table(dict(task_id=[f'{i}' for i in range(4000)], score=np.random.default_rng(0).random(4000)))
    pq.write_table(rows, path, row_group_size=1000, compression='gzip')
    content = bytearray(path.read_bytes())
    content[len(content)//2:len(content)//2+4000] = bytes(4000)
    path.write_bytes(content)
    with pytest.raises(InputError, match='a.parquet: not a readable Parquet file'): gather([f'A={path}'])


def test_columns_that_say_nothing_are_not_read(tmp_path):
    "A table has its texts and tests beside what is needed."
    pq.write_table(pa.table(dict(task_id=['a'], model=['A'], score=[1.], tests=[['passed']])), tmp_path/'a.parquet')
    rows = read_documents(tmp_path/'a.parquet')[0][0].value
    assert isinstance(rows, Rows) and [part.schema.names for part in rows.batches(['score'])]==[['score']]
    assert rows[0]['tests']==['passed']


def test_lines_are_cut_at_line_feeds_alone():
    content = '\ufeff{"a": "x\u2028y\x85"}\r\n\n{"a": 2}'.encode()
    assert list(json_lines(content, 'a'))==[(1, dict(a='x\u2028y\x85')), (3, dict(a=2))]
    with pytest.raises(InputError, match="a: cannot be read .*position 1"): list(json_lines(b'{\xff}', 'a'))
    assert parse(content, 'a.jsonl')[0][0].value==[dict(a='x\u2028y\x85'), dict(a=2)]


def test_tables_below_each_other_keep_what_they_are():
    first = table_records([dict(task_id='a', model='A', score=1.)], 'a')
    second = records_frame([dict(task_id=7, model=None, score=None, retry=('x', 'y'))])
    both = stacked([first, pd.DataFrame(), second])
    assert both.task_id.tolist()==['a', 7] and both.retry[1]==('x', 'y') and both.score.isna().tolist()==[False, True]
    assert records_list(second)==[dict(task_id=7, model=None, score=None, retry=('x', 'y'))]


def test_empty_lists_of_a_table_are_stored_once():
    row = dict(task_id='a', split='test', model='A', n_tests=1, n_passed=1, status='ran', n_tokens=1)
    frame = pd.DataFrame([row | dict(sample=i, tests=[], errors=['']) for i in range(3)])
    checked = check_table('outcomes', frame)
    assert checked.tests[0] is checked.tests[2] and checked.tests[0].dtype==object and not len(checked.tests[0])
    assert [list(cell) for cell in checked.errors]==[['']]*3 and list(checked)[6:8]==['tests', 'errors']


def test_resamples_in_parts_give_the_same_interval(monkeypatch):
    rng, groups = np.random.default_rng(0), np.arange(40)//2
    small, large = rng.random((2, 40, 3))
    parts = list(weight_parts(40, 100, groups=groups))
    assert (np.concatenate(parts)==bootstrap_weights(40, 100, groups=groups)).all()
    whole = ceiling_gain(small, large, 2, bootstrap_weights(40, 100, groups=groups))
    assert ceiling_gain(small, large, 2, iter(np.array_split(parts[0], 7)))==whole


def test_keys_of_rows_may_be_missing_later(small_batches, tmp_path):
    lines = [json.dumps(dict(task_id=i, model='A', passed=True) | (dict(cost=.5) if i>6 else {})) for i in range(12)]
    (tmp_path/'a.jsonl').write_text('\n'.join(lines))
    assert gather([tmp_path/'a.jsonl']).outcomes.n_passed.sum()==12
