"What `execute` refuses, caches and returns. What programs may do is in test_hostile."
import subprocess
import sys

import pandas as pd
import pytest

from llmr.core import InputError, Store
from llmr.execution import (
    PACKAGES, Limits, Program, choose_isolation, common_level, execute, grade_programs, run_programs)

ADD = Program('def add(a, b): return a+b', ('assert add(1, 2) == 3',))
QUIET = dict(workers=1, on_progress=lambda done, total: None)


@pytest.fixture
def tasks():
    return pd.DataFrame([dict(task_id=1, split='test', tests=list(ADD.tests), setup='', entry_point='add')])


def completions(*codes):
    about = dict(task_id=1, model='m', text='', n_tokens=1, finish_reason='stop')
    return pd.DataFrame([about | dict(sample=sample, code=code) for sample,code in enumerate(codes)])


def test_packages_by_the_name_that_programs_import(tmp_path):
    program = Program('import yaml\ndef add(a, b): return yaml.safe_load(str(a+b))', ADD.tests)
    with_yaml, = grade_programs([program], limits=Limits(packages=('yaml',)), **QUIET)
    without, = grade_programs([program], **QUIET)
    assert with_yaml.tests==('passed',) and without.status=='module_error'
    for name in ('no_such_package', 'no_such.package'):
        with pytest.raises(InputError, match=f"package '{name}', for programs to import, is not installed"):
            grade_programs([ADD], limits=Limits(packages=(name,)), **QUIET)


def test_the_default_packages_are_there():
    program = Program('\n'.join(f'import {name}' for name in PACKAGES)+f'\n{ADD.code}', ADD.tests)
    grade, = grade_programs([program], limits=Limits(cpu_s=20., wall_s=60., packages=PACKAGES), **QUIET)
    assert grade.tests==('passed',), grade


def test_names_and_numbers_that_cannot_be(tasks):
    with pytest.raises(InputError, match='workers 0: must be at least 1'): list(run_programs([ADD], workers=0))
    with pytest.raises(InputError, match='workers -1: must be at least 1'): grade_programs([ADD], workers=-1)
    with pytest.raises(InputError, match="unknown isolation 'chroot'; choose from namespaces, "):
        choose_isolation('chroot')
    with pytest.raises(InputError, match="unknown grading mode 'kind'; choose from strict, names_bound, "):
        execute(completions('x = 1'), tasks, mode='kind', **QUIET)
    with pytest.raises(InputError, match='task 1 has a completion and is not among the tasks'):
        execute(completions('x = 1'), tasks.assign(task_id=2), **QUIET)
    with pytest.raises(InputError, match='task 1, model m: no text to run'): execute(completions(None), tasks, **QUIET)


# ---- the cache

def test_a_cache_resumes_and_runs_only_what_is_missing(tmp_path, tasks):
    cache, totals = tmp_path/'new'/'programs.sqlite', []
    running = dict(workers=1, cache=cache, on_progress=lambda done, total: totals.append(total))
    codes = ADD.code, 'def add(a, b): return a-b', ADD.code
    first = execute(completions(codes[0]), tasks, **running)
    assert first.n_passed.tolist()==[1] and totals==[1]
    second = execute(completions(*codes), tasks, **running)
    assert second.n_passed.tolist()==[1, 0, 1] and totals==[1, 1]
    pd.testing.assert_frame_equal(execute(completions(*codes), tasks, **running), second)
    assert totals==[1, 1]
    with Store(cache) as store: assert len(store)==2
    execute(completions(*codes), tasks, limits=Limits(cpu_s=2.), **running)
    assert totals==[1, 1, 2, 2], 'other limits, other results'


@pytest.mark.parametrize('damage', ['{"a": 1', '5', '[1, 2, 3]'])
def test_a_damaged_entry_of_the_cache_is_named(tmp_path, tasks, damage):
    cache = tmp_path/'programs.sqlite'
    execute(completions(ADD.code), tasks, cache=cache, **QUIET)
    with Store(cache) as store: (key, _), = store.items()
    cache.unlink()
    with Store(cache) as store: store.put({key: damage})
    with pytest.raises(InputError, match=f'programs.sqlite, entry {key}: not a result of a program'):
        execute(completions(ADD.code), tasks, cache=cache, **QUIET)


def test_a_cache_that_is_no_store_is_named(tmp_path, tasks):
    (tmp_path/'programs.sqlite').write_text('["key", ["ran"]]\n'*100)
    with pytest.raises(InputError, match='programs.sqlite: damaged'):
        execute(completions(ADD.code), tasks, cache=tmp_path/'programs.sqlite', **QUIET)


JOB = """import sys
from llmr.execution import Program, grade_programs
programs = [Program(f'def add(a, b): return a+b+{n%2}', (f'assert add({n}, 0) == {n}',)) for n in range(200)]
grades = grade_programs(programs, sys.argv[1], lambda done, total: None, workers=1)
assert [grade.tests for grade in grades]==[('failed',) if n%2 else ('passed',) for n in range(200)]
"""


def test_processes_share_a_cache(tmp_path):
    cache = tmp_path/'programs.sqlite'
    jobs = [subprocess.Popen([sys.executable, '-c', JOB, str(cache)]) for _ in range(2)]
    assert [job.wait() for job in jobs]==[0, 0]
    with Store(cache) as store: assert len(store)==200


# ---- modes

def test_a_lenient_mode_runs_a_program_strictly_if_it_changes_nothing(tasks):
    codes, totals = (ADD.code, f'{ADD.code}\nassert add(1, 1) == 3', f'{ADD.code} # once more'), []
    running = dict(workers=1, on_progress=lambda done, total: totals.append(total))
    lenient = execute(completions(*codes), tasks, mode='self_tests_dropped', **running)
    assert lenient.n_passed.tolist()==[1, 1, 1] and set(lenient.status)=={'ran'} and totals==[3, 3, 3, 2, 2]
    assert execute(completions(*codes), tasks, **QUIET).n_passed.tolist()==[1, 0, 1]


@pytest.mark.parametrize('mode,passed', [
    ('strict', [0, 0, 0]), ('names_bound', [1, 0, 0]), ('self_tests_dropped', [0, 1, 0]), ('lenient', [1, 1, 1])])
def test_what_each_mode_repairs(tasks, mode, passed):
    misnamed = 'def plus(a, b): return a+b'
    codes = misnamed, f'{ADD.code}\nassert add(1, 1) == 3', f'{misnamed}\nassert plus(1, 1) == 3'
    assert execute(completions(*codes), tasks, mode=mode, **QUIET).n_passed.tolist()==passed


def test_the_level_of_a_cluster_is_one_that_every_node_has():
    nodes = dict(a=('namespaces', 'landlock', 'rlimits'), b=('landlock', 'rlimits'), c=('rlimits',))
    assert common_level('auto', dict(a=nodes['a']))=='namespaces'
    assert common_level('auto', dict(a=nodes['a'], b=nodes['b']))=='landlock'
    assert common_level('rlimits', nodes)=='rlimits'
    for isolation,node in (('auto', 'c'), ('strict', 'b'), ('landlock', 'c')):
        with pytest.raises(InputError, match=f'node {node} cannot isolate'): common_level(isolation, nodes)
    with pytest.raises(InputError, match="unknown isolation 'chroot'"): common_level('chroot', nodes)
