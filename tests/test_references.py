"Right programs: the answers that they give, tasks that they fail, and grades of mistakes put in."
import json

import pandas as pd
import pytest

from llmr.benchmarks import load_benchmark
from llmr.core import InputError
from llmr.evalplus import Inputs
from llmr.execution import Limits, Program, execute, run_programs
from llmr.references import answered, benchmark_limits, check_references, left_out_text

QUIET = dict(workers=1, on_progress=lambda done, total: None)
SOLVED = {'half': 'def half(x): return x/2',
          'similar_elements': 'def similar_elements(a, b): return tuple(set(a) & set(b))',
          'find_zero': 'def find_zero(xs): return -xs[0]/xs[1]', 'check_str': 'def check_str(x): return x or None',
          'sum_div': 'def sum_div(n): return sum(i for i in range(1, n) if n%i==0)',
          'count': 'from collections import Counter\ndef count(xs): return Counter(xs)',
          'million': 'def million(n): return list(range(n))'}
INPUTS = dict(half=[[1], [3]], similar_elements=[[[1, 2, 3], [3, 1]]], find_zero=[[[2, 4]]], check_str=[['a'], ['']],
              sum_div=[[12]], count=[['aab']], million=[[10**5]])


@pytest.fixture(scope='module')
def loaded(tmp_path_factory):
    "Tasks of the layout of EvalPlus, three of them by a special rule."
    path = tmp_path_factory.mktemp('plus')/'plus.jsonl'
    rows = [dict(task_id=f'Own/{name}', prompt=f'"""\nWrite {name}.\n"""', entry_point=name, canonical_solution=code,
                 base_input=INPUTS[name][:1], plus_input=INPUTS[name][1:], atol=1e-4 if name=='find_zero' else 0)
            for name,code in SOLVED.items()]
    path.write_text('\n'.join(map(json.dumps, rows)))
    return load_benchmark(f'mbpp+={path}', workers=1)


def passes(loaded, **programs):
    "Whether programs pass all tests of their tasks."
    rows = pd.DataFrame([dict(task_id=f'Own/{name}', model='m', sample=0, n_tokens=0, code=code)
                         for name,code in programs.items()])
    done = execute(rows, loaded.tasks, limits=benchmark_limits(['mbpp+']), **QUIET)
    return dict(zip(programs, done.n_passed==done.n_tests))


def test_right_programs_pass(loaded):
    assert len(loaded.tasks)==len(SOLVED) and not len(loaded.left_out)
    assert all(passes(loaded, **SOLVED).values())
    kept, left = check_references(loaded.tasks, loaded.references, **QUIET)
    assert len(kept)==len(SOLVED) and left_out_text(left)==''


def test_other_right_answers(loaded):
    "Any order, another root, whether something was found, the other meaning of a task."
    assert passes(loaded, similar_elements='def similar_elements(a, b): return [x for x in b if x in a]',
                  find_zero='def find_zero(xs): return -xs[0]/xs[1]+1e-6', check_str='def check_str(x): return bool(x)',
                  sum_div='def sum_div(n): return 0', half='def half(x): return x*.5+1e-9',
                  count='def count(xs): return {x: xs.count(x) for x in xs}')=={
        name: True for name in ('similar_elements', 'find_zero', 'check_str', 'sum_div', 'half', 'count')}


def test_mistakes_fail(loaded):
    assert passes(loaded, similar_elements='def similar_elements(a, b): return [1]',
                  find_zero='def find_zero(xs): return 1', check_str='def check_str(x): return 5',
                  sum_div='def sum_div(n): return 1', half='def half(x): return x//2',
                  count='def count(xs): return Counter(xs)', million='def million(n): return list(range(n+1))')=={
        name: False for name in ('similar_elements', 'find_zero', 'check_str', 'sum_div', 'half', 'count', 'million')}


def test_hidden_tests_are_not_shown(loaded):
    from llmr.problem import task_prompts
    assert not any('llmr_expect' in prompt for prompt in task_prompts(loaded.tasks))


def inputs(**programs):
    "Tasks whose answers come from these programs."
    return pd.DataFrame([dict(task_id=name, benchmark='own', setup='', inputs=Inputs(
        (f'{name}(1)', f'{name}(2)'), (code,), 0)) for name,code in programs.items()])


def test_inputs_without_an_answer():
    tasks = inputs(slow='def slow(n):\n    while n>1: pass\n    return n', broken='def broken(n): return 1/0',
                   fine='def fine(n): return n')
    kept, left = answered(tasks, Limits(cpu_s=.3, wall_s=1), workers=1)
    assert dict(zip(kept.task_id, kept.tests.map(len)))==dict(slow=1, fine=2)
    assert left[['task_id', 'left_out', 'n_passed', 'n_tests']].values.tolist()==[
        ['slow', 'inputs', 1, 2], ['broken', 'task', 0, 2]]
    assert 'broken (ran, ZeroDivisionError)' in left_out_text(left) and 'slow (1 of 2)' in left_out_text(left)
    with pytest.raises(InputError, match='no task has a right program'): answered(tasks.iloc[1:2], workers=1)


def test_tasks_that_their_own_programs_fail(tmp_path):
    path = tmp_path/'own.jsonl'
    rows = [dict(task_id=n, text=f'Add {n}.', tests=[f'assert add(1, {n})=={n+1}'], split=split,
                 reference=f'def add(a, b): return a+b+{n==3}')
            for n,split in enumerate(('train', 'validation', 'test', 'test'))]
    path.write_text('\n'.join(map(json.dumps, rows)))
    loaded = load_benchmark(str(path))
    kept, left = check_references(loaded.tasks, loaded.references, **QUIET)
    assert kept.task_id.tolist()==[0, 1, 2] and left.task_id.tolist()==[3] and 'reference' not in kept
    assert check_references(loaded.tasks, {}, **QUIET)[0] is loaded.tasks
    with pytest.raises(InputError, match='no task is left.*3 .ran, AssertionError'):
        check_references(loaded.tasks.iloc[3:], loaded.references, **QUIET)


def graded(*programs, **limits): return [grade.tests for grade in run_programs(programs, Limits(**limits), workers=1)]


def test_calls_by_name_and_with_several_right_values():
    call = dict(kind='call', entry_point='Solution.f')
    code = 'class Solution:\n    def f(self, a, b=0): return [a-b]'
    tests = [dict(input=dict(b=1, a=3), output=[2]), dict(input=[3, 1], output=2, **{'or': [[2]]}),
             dict(input=dict(c=1, a=3), output=[2]), dict(input=[3], output=3)]
    assert graded(Program(code, tuple(map(json.dumps, tests)), **call))==[('passed', 'passed', 'error', 'failed')]


def test_seconds_of_a_case():
    code = 'import time\nend = time.process_time()+float(input())\nwhile time.process_time()<end: pass\nprint(1)'
    slow, quick = (json.dumps(dict(input='.6', output='1', seconds=seconds)) for seconds in (3, .2))
    assert graded(Program(code, (slow, quick), kind='stdin'), cpu_s=.3)==[('passed', 'timeout')]


def test_a_script_waits_for_its_threads():
    code = ('import threading, time\ndef f():\n    time.sleep(.05)\n    print(input())\n'
            'threading.Thread(target=f).start()')
    assert graded(Program(code, (json.dumps(dict(input='a', output='a')),), kind='stdin'))==[('passed',)]


def test_setup_imports_do_not_replace_names_of_the_program():
    "LeetCode's setup imports all of `typing`, whose `Sequence` is not the program's."
    setup = 'from typing import *\ndef helper(): return 1'
    code = 'class Sequence:\n    n = 2\ndef helper(): return 5\ndef f(): return Sequence.n'
    assert graded(Program(code, ('assert f()==2', 'assert helper()==1'), setup))==[('passed', 'passed')]


def test_a_missing_package_of_a_benchmark_is_no_error():
    assert 'requests' not in benchmark_limits(['bigcodebench'], packages=()).packages
    with pytest.raises(InputError, match="'nonesuch'.*not installed"):
        list(run_programs([Program('', ('assert 1',))], benchmark_limits(['own'], ['nonesuch']), workers=1))

