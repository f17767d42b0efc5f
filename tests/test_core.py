"Tables and their schemas, files, hashes, packs, and the store that is only added to."
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from llmr.core import (
    DATA_ENV, SCHEMAS, InputError, Store, bundle, check_table, data_file, read_jsonl, replace_file, unbundle)

GAP = dict(task_id=[11], split='test', pair='8B-70B', quality='standard', sample=0, gap=1/3)


@pytest.mark.parametrize('text,told', [
    ('{"a": 1}\n{"a": 2, "b', 'line 2: not valid JSON'),
    ('{"a": "\\ud83d"}', "line 1: '.ud83d' is half of a character"),
    ('{"a": '+'['*100_000, 'line 1: not valid JSON'), ('{"a": 1}\n\n[1]\n', 'line 3: a list'),
    ('', 'no lines. Fetch the file again'), ('\n\n', 'no lines')], ids=range(6))
def test_damaged_lines_are_named(tmp_path, text, told):
    path = tmp_path/'torn.jsonl'
    path.write_text(text)
    with pytest.raises(InputError, match=told) as e: read_jsonl(path)
    assert str(path) in str(e.value)


def test_unreadable_files(tmp_path):
    (tmp_path/'latin.jsonl').write_bytes(b'{"a": "\xe9"}')
    for name in ('latin.jsonl', 'nowhere.jsonl'):
        with pytest.raises(InputError, match=f'{name}: cannot be read'): read_jsonl(tmp_path/name)


@pytest.mark.parametrize('change,told', [
    (dict(split='dev'), "gaps.split, row 0: 'dev'"), (dict(gap='much'), 'gaps.gap, row 0'),
    (dict(gap=None), 'gaps.gap, row 0: empty'),
    (dict(task_id=[11, 11]), 'second row for task_id=11'), (dict(more=1), "unknown \\['more'\\]"),
    (dict(gap=[np.nan]), 'gaps.gap, row 0: empty'), (dict(sample=1.5), 'gaps.sample, row 0: 1.5 is not of type int64'),
    (dict(sample=pd.Series([1.5], dtype=object)), 'gaps.sample, row 0: 1.5 is not of type int64')])
def test_tables_are_checked(change, told):
    with pytest.raises(InputError, match=told): check_table('gaps', pd.DataFrame(GAP | change))


def test_a_table_that_lacks_a_column_or_a_schema():
    with pytest.raises(InputError, match="lacks \\['gap'\\]"):
        check_table('gaps', pd.DataFrame(GAP).drop(columns='gap'))
    with pytest.raises(InputError, match="unknown table 'gap'; choose from tasks"):
        check_table('gap', pd.DataFrame(GAP))


def test_whole_numbers_in_any_dress_are_ids():
    assert check_table('gaps', pd.DataFrame(GAP | dict(task_id=pd.Series([11], dtype=object)))).task_id.tolist()==[11]


def test_schema_keys_are_columns():
    for table in SCHEMAS.values():
        assert {*table.key, *table.nullable, *(name for name,_ in table.values)}<=set(table.columns)


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def fail(part):
        part.write_text('half')
        raise OSError('disk full')
    with pytest.raises(OSError, match='disk full'): replace_file(tmp_path/'a.txt', fail)
    assert not list(tmp_path.iterdir())


def test_inputs_are_the_very_files(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_ENV, str(tmp_path))
    with pytest.raises(InputError, match="unknown input file 'mbpp/other.jsonl'; the registry has"):
        data_file('mbpp/other.jsonl')
    with pytest.raises(InputError, match=f'no such file. {DATA_ENV} must be'): data_file('mbpp/mbpp.jsonl')
    (tmp_path/'mbpp').mkdir()
    (tmp_path/'mbpp'/'mbpp.jsonl').write_text(json.dumps(dict(task_id=1))+'\n{"task_id": 2, "te')
    with pytest.raises(InputError, match='checksum mismatch.*line 2: not valid JSON') as e: data_file('mbpp/mbpp.jsonl')
    assert DATA_ENV in str(e.value)


def test_a_copy_in_a_package_is_taken_if_it_is_the_very_file(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_ENV, str(tmp_path))
    other = tmp_path/'other.jsonl.gz'
    other.write_bytes(b'another version')
    with pytest.raises(InputError, match='humaneval/HumanEval.jsonl.gz: no such file'):
        data_file('humaneval/HumanEval.jsonl.gz', other)


def test_a_locked_pack_is_named(tmp_path):
    content = bytearray(bundle({'a.txt': b'a'}))
    for sign,at in ((b'PK\x03\x04', 6), (b'PK\x01\x02', 8)): content[content.index(sign)+at] |= 1
    (tmp_path/'x.zip').write_bytes(content)
    with pytest.raises(InputError, match='x.zip: not a pack, or a damaged one .*password'):
        unbundle(tmp_path/'x.zip', ())


def test_a_store_gives_back_what_was_put(tmp_path):
    with Store(tmp_path/'new'/'kept.sqlite') as store:
        store.put({f'k{i}': bytes([i]) for i in range(200)} | {'é\n"': 'text\u2028'})
        store.put(dict(k7=b'another value', new='x'))
        assert len(store)==202 and store.get(['k7', 'é\n"', 'missing'])=={'k7': b'\x07', 'é\n"': 'text\u2028'}
    with Store(tmp_path/'new'/'kept.sqlite') as store:
        assert [key for key,_ in store.items()]==[*(f'k{i}' for i in range(200)), 'é\n"', 'new']
    with Store() as store:
        store.put(dict(a='1'))
        assert store.get(['a'])==dict(a='1')


def test_a_put_is_whole_or_not_at_all(tmp_path):
    with Store(tmp_path/'kept.sqlite') as store:
        with pytest.raises(sqlite3.ProgrammingError, match='not supported'): store.put(dict(a='1', b=[2]))
        assert not len(store)


def test_damaged_stores_are_named(tmp_path):
    path = tmp_path/'kept.sqlite'
    with Store(path) as store: store.put({f'{i:064}': 'x'*200 for i in range(300)})
    whole = path.read_bytes()
    for content in (b'{"a": 1}\n'*99, whole[:len(whole)//2], whole[:4096]+b'?'*(len(whole)-4096)):
        path.write_bytes(content)
        with pytest.raises(InputError, match='kept.sqlite: damaged .*Delete it'), Store(path) as store:
            dict(store.items())
    with pytest.raises(InputError, match=f'{tmp_path}: cannot be read or written'): Store(tmp_path)


ADD = '''import sys
from llmr.core import Store
path, name, n = sys.argv[1:]
with Store(path) as store:
    for i in range(int(n)): store.put({f'{name} {i} {half}': 'x'*500 for half in 'ab'})
'''


def add(*given):
    "Start a process that adds to a store."
    environment = os.environ | dict(PYTHONPATH=str(ROOT))
    return subprocess.Popen([sys.executable, '-c', ADD, *map(str, given)], env=environment)


def test_several_processes_share_a_store(tmp_path):
    processes = [add(tmp_path/'kept.sqlite', name, 200) for name in 'ABC']
    assert [process.wait(60) for process in processes]==[0]*3
    with Store(tmp_path/'kept.sqlite') as store: assert len(store)==1200


def test_a_kill_loses_only_what_was_in_flight(tmp_path):
    path = tmp_path/'kept.sqlite'
    for name in 'ABC':
        process = add(path, name, 10**6)
        before = path.with_name(path.name+'-wal')
        while not before.exists() or before.stat().st_size<10**5:
            assert process.poll() is None, 'it ended by itself'
            time.sleep(.01)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        with Store(path) as store: rows = pd.Series([key for key,_ in store.items()]).str.split(expand=True)
        last = rows[rows[0]==name]
        assert last[1].astype(int).tolist()==[i for i in range(len(last)//2) for _ in 'ab']
        assert set(rows[0])==set('ABC'[:'ABC'.index(name)+1])


def test_a_store_whose_folder_cannot_be_made(tmp_path):
    (tmp_path/'file').write_text('')
    with pytest.raises(InputError, match='its folder cannot be made'): Store(tmp_path/'file'/'x.sqlite')
