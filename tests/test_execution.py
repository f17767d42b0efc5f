"What `execute` refuses, keeps and counts. What programs may do is in test_hostile."
import json

import numpy as np
import pandas as pd
import pytest

from llmr.core import InputError
from llmr.execution import (
    TOLERANT, Limits, Program, choose_isolation, execute, grade_programs, run_programs, table1_counts,
    total_pass_rate)

ADD = Program('def add(a, b): return a+b', ('assert add(1, 2) == 3',))
QUIET = dict(workers=1, on_progress=lambda done, total: None)


@pytest.fixture
def tasks(): return pd.DataFrame([dict(task_id=1, split='test', tests=list(ADD.tests), setup='', entry_point='add')])


def completions(*codes): return pd.DataFrame(dict(task_id=1, model='m', sample=range(len(codes)), text='', code=codes, n_tokens=1, finish_reason='stop'))


@pytest.mark.parametrize('value,expected,same', [
    (1+1e-9, 1., True), (1., 1, True), (1.1, 1., False), (5., np.inf, False), (-np.inf, np.inf, False), (np.inf, np.inf, True), (np.inf, 5., False), (np.nan, np.nan, True),
    (1., np.nan, False), ([1.], [np.inf], False), ((1.,), [1.], False), ({'a': 1.}, {'a': 1+1e-9}, True), ({'a': 1.}, {'b': 1.}, False), ('1', 1., False), (1, 2, False)])
def test_what_is_close(value, expected, same):
    names = {}
    exec(TOLERANT, names)
    assert names['close'](value, expected, 0.)==same


def test_packages_by_the_name_that_programs_import(tmp_path):
    program = Program('import yaml\ndef add(a, b): return yaml.safe_load(str(a+b))', ADD.tests)
    with_yaml, without = (grade_programs([program], limits=Limits(packages=packages), **QUIET)[0] for packages in (('yaml',), ()))
    assert with_yaml.tests==('passed',) and without.status=='module_error'
    for name in ('no_such_package', 'no_such.package'):
        with pytest.raises(InputError, match=f"package '{name}', for programs to import, is not installed"): grade_programs([ADD], limits=Limits(packages=(name,)), **QUIET)


def test_names_and_numbers_that_cannot_be(tasks):
    with pytest.raises(InputError, match='workers 0: must be at least 1'): list(run_programs([ADD], workers=0))
    with pytest.raises(InputError, match='workers -1: must be at least 1'): grade_programs([ADD], workers=-1)
    with pytest.raises(InputError, match="no isolation is called 'chroot'"): choose_isolation('chroot')
    with pytest.raises(InputError, match="no grading mode is called 'kind'"): execute(completions('x = 1'), tasks, mode='kind', **QUIET)
    with pytest.raises(InputError, match='task 1 has a completion and is not among the tasks'): execute(completions('x = 1'), tasks.assign(task_id=2), **QUIET)
    with pytest.raises(InputError, match='task 1, model m: no text to run'): execute(completions(None), tasks, **QUIET)


def test_a_cache_goes_on_behind_a_torn_line_and_names_a_damaged_one(tmp_path, tasks):
    cache, told = tmp_path/'kept'/'programs.jsonl', []
    running = dict(workers=1, cache=cache, on_progress=lambda done, total: told.append(total))
    codes = ADD.code, 'def add(a, b): return a-b', ADD.code
    first = execute(completions(*codes), tasks, **running)
    assert first.n_passed.tolist()==[1, 0, 1] and told==[2, 2]
    cache.write_bytes(cache.read_bytes()[:-5])
    pd.testing.assert_frame_equal(execute(completions(*codes), tasks, **running), first)
    assert told==[2, 2, 1] and len(cache.read_text().splitlines())==2
    for damage in ('{"a": 1', '5', '["key", [1, 2, 3]]'):
        cache.write_text(f'{json.dumps(["key", ["ran", "", [], [], 0.0, 0.0]])}\n{damage}\n')
        with pytest.raises(InputError, match='programs.jsonl, line 2: not an outcome'): execute(completions(*codes), tasks, **running)


def test_a_kinder_mode_runs_strictly_what_it_leaves_as_it_is_and_nothing_else(tasks):
    codes, told = (ADD.code, f'{ADD.code}\nassert add(1, 1) == 3', f'{ADD.code} # once more'), []
    kinder = execute(completions(*codes), tasks, mode='self_tests_dropped', workers=1, on_progress=lambda done, total: told.append(total))
    assert kinder.n_passed.tolist()==[1, 1, 1] and set(kinder.status)=={'ran'} and told==[3, 3, 3, 2, 2]
    assert execute(completions(*codes), tasks, **QUIET).n_passed.tolist()==[1, 0, 1]


def test_both_counts_by_hand():
    words = ['passed', 'failed', 'failed', 'error'], ['passed', 'passed', 'passed', 'timeout'], ['not_run']*4
    outcomes = pd.DataFrame([dict(task_id=k, model='m', sample=0, n_tests=4, n_passed=row.count('passed'), tests=row, status=status) for k,(row, status) in enumerate(zip(words, ('ran', 'timeout', 'module_error')))])
    assert total_pass_rate(outcomes)==4/12 and total_pass_rate(outcomes, 'table1')==2/4
    assert table1_counts(outcomes)[['n_counted', 'n_passed_table1']].to_numpy().tolist()==[[4, 2], [0, 0], [0, 0]]
    with pytest.raises(InputError, match='no total pass rate is called'): total_pass_rate(outcomes, 'both')
