"Tests beyond those that the models were shown."
import json

import pandas as pd
import pytest

from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.evalplus import restore_inputs
from llmr.execution import PACKAGES, PREAMBLE, Limits, execute
from llmr.extra_tests import (
    LEFT_OUT, PLUS_LIMITS, accepted_solutions, calls_of, challenge_tasks, extra_tasks, plus_records, plus_tasks,
    shown_name)
from llmr.grading import grade_extra
from llmr.sampling import load_completions


def record(**changes):
    "An MBPP+ record of a made-up task."
    return dict(task_id='Mbpp/9001', entry_point='double', canonical_solution='def double(x): return 2*x',
                plus_input=[[1], [2.5], [0]], atol=0) | changes


def own(tests, task_id=9001):
    "The same task in MBPP."
    about = dict(benchmark='mbpp', split='test', text=None, setup='', entry_point=None)
    return pd.DataFrame([about | dict(task_id=task_id, tests=tests)])


def passed(tasks, *codes):
    "How many tests each program passes."
    about = dict(task_id=9001, model='A', text=None, n_tokens=1, finish_reason='stop')
    programs = pd.DataFrame([about | dict(sample=sample, code=code) for sample,code in enumerate(codes)])
    return execute(programs, tasks, on_progress=lambda done, total: None).n_passed.tolist()


# ---- inputs with their types

@pytest.mark.parametrize('task_id,inputs,restored', [
    (2, [[1, 2], [3]], [(1, 2), (3,)]), (63, [[[1, 2], [3]]], [[(1, 2), (3,)]]),
    (259, [[[1, 2]], [[3]]], [((1, 2),), ((3,),)]), (106, [[5, 6], [9, 10]], [[5, 6], (9, 10)]),
    (722, [{'a': [1, 2]}, [3]], [{'a': (1, 2)}, [3]]), (791, [[1, [2, [3]]]], [(1, (2, (3,)))]),
    (115, [[[1, 1], [], {}]], [[{1}, {}, {}]]), (124, ['0', '1j'], [0., 1j]), (252, ['(1+2j)'], [1+2j]),
    (3, [[1, 2]], [[1, 2]])])
def test_types_that_json_lacks(task_id, inputs, restored):
    result, = restore_inputs(task_id, [inputs])
    assert result==restored and list(map(type, result))==list(map(type, restored))


def test_types_are_those_of_evalplus(data_folder):
    mbpp = pytest.importorskip('evalplus.data.mbpp')
    for row in json.loads((data_folder/'mbpp'/'mbppplus.json').read_text()):
        task_id, inputs = int(row['task_id'].split('/')[1]), list(row['plus_input'])
        theirs = [list(arguments) for arguments in mbpp.mbpp_deserialize_inputs(row['task_id'], inputs)]
        assert theirs==[list(arguments) for arguments in restore_inputs(task_id, inputs)], task_id


# ---- MBPP+ as tasks

def test_shown_inputs_are_left_out_and_the_shown_name_is_called():
    (source, calls), = accepted_solutions(record(), ['assert Double( 1 ) == 2'])
    assert calls==['Double(2.5)', 'Double(0)'] and source.endswith('Double = double')
    assert shown_name('sum', ['assert sum(10, 15)==6'])=='sum' and shown_name('f', ['assert set(g(1))=={1}'])=='g'
    with pytest.raises(InputError, match='calls no function'): shown_name('f', ['assert True'])


def test_any_order_is_right():
    solution = 'def Diff(a, b): return sorted(set(a)^set(b))'
    ordered = record(entry_point='Diff', canonical_solution=solution, plus_input=[[[1, 2], [2, 3]]])
    tasks = plus_tasks({9001: ordered}, own(['assert Diff([1], [1])==[]']))
    assert passed(tasks, 'def Diff(a, b): return [3, 1]', 'def Diff(a, b): return [3]')==[1, 0]


def test_either_meaning_is_right():
    ambiguous = record(entry_point='sum_div', canonical_solution='def sum_div(n): return n+1', plus_input=[[4]])
    tasks = plus_tasks({9001: ambiguous}, own(['assert sum_div(1)==2']))
    assert passed(tasks, *(f'def sum_div(n): return {answer}' for answer in (5, 0, 1)))==[1, 1, 0]


def test_only_whether_something_was_found_counts():
    solution = 'import re\ndef check_str(s): return re.search("^a", s)'
    search = record(entry_point='check_str', canonical_solution=solution, plus_input=[['ab'], ['ba']])
    tasks = plus_tasks({9001: search}, own(['assert check_str("a")']))
    assert passed(tasks, 'def check_str(s): return s[:1]=="a"', 'import re\ndef check_str(s): return re.match("a", s)',
                  'def check_str(s): return 1')==[2, 2, 1]


def test_floats_are_close():
    tasks = plus_tasks({9001: record()}, own(['assert double(9)==18']))
    assert passed(tasks, 'def double(x): return x*2+1e-9', 'def double(x): return x*2+1e-3')==[1, 0]


def test_a_wrong_solution_is_another_suite():
    assert 'are_equivalent' in LEFT_OUT
    records = [record(), record(task_id='Mbpp/9002', entry_point='are_equivalent')]
    suites = plus_records(records, pd.concat([own(['assert double(9)==18']), own(['assert are_equivalent(1)'], 9002)]))
    assert list(suites['plus'])==[9001] and suites['reworded']=={}
    assert list(plus_records([record()], own(['assert double(9)==19']))['reworded'])==[9001]


def test_a_solution_without_an_answer_is_an_error():
    records = {9001: record(canonical_solution='def double(x): return 1/x')}
    with pytest.raises(InputError, match=r'double\(0\).*has no value: ZeroDivisionError'):
        plus_tasks(records, own(['assert double(1)==1']))


# ---- suites

def test_challenge_tests_are_those_of_the_record():
    tasks = own(['assert double(9)==18'])
    assert challenge_tasks([dict(task_id=9001, challenge_test_list=[])], tasks).empty
    assert challenge_tasks([dict(task_id=9002, challenge_test_list=['assert f(1)==1'])], tasks).empty
    challenges = challenge_tasks([dict(task_id=9001, challenge_test_list=['assert double(-1)==-2'])], tasks)
    assert challenges.tests[0].tolist()==['assert double(-1)==-2']


def test_benchmarks_without_extra_tests():
    for name in ('humaneval', 'own'):
        with_mbpp_number = own(['assert f(1)==1'], 2).assign(benchmark=name)
        assert extra_tasks(with_mbpp_number)=={}


def test_a_damaged_file_is_named(tmp_path, monkeypatch, shipped):
    (tmp_path/'mbpp').mkdir()
    (tmp_path/'mbpp'/'mbppplus.json').write_text('[]')
    monkeypatch.setenv('LLMR_DATA', str(tmp_path))
    with pytest.raises(InputError, match='mbppplus.json: checksum mismatch'): extra_tasks(shipped('tasks'))


@pytest.fixture(scope='module')
def suites(data_folder, request):
    "The recorded benchmark's extra tests: those of every sixth task, or with `--all` of all."
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('LLMR_DATA', str(data_folder))
        return extra_tasks(load_tasks('mbpp').iloc[::1 if request.config.getoption('--all') else 6])


@pytest.mark.full
def test_how_many_tasks_have_extra_tests(suites):
    assert {name: len(tasks) for name,tasks in suites.items()}=={'plus': 313, 'reworded': 67, 'challenge': 11}


def test_every_solution_passes(suites, data_folder):
    "EvalPlus' solution of a task passes every test made from it; in the suite `reworded` too."
    assert len(suites['plus'])>=45 and len(suites['reworded'])>=5
    records = json.loads((data_folder/'mbpp'/'mbppplus.json').read_text())
    by_id = {int(row['task_id'].split('/')[1]): row for row in records}
    for suite in ('plus', 'reworded'):
        tasks = suites[suite]
        code = [f'{by_id[row.task_id]["canonical_solution"]}\n{row.entry_point} = {by_id[row.task_id]["entry_point"]}'
                for row in tasks.itertuples()]
        about = dict(model='solution', sample=0, text=None, n_tokens=0, finish_reason=None)
        solutions = pd.DataFrame(dict(task_id=tasks.task_id, code=code)).assign(**about)
        done = execute(solutions, tasks, limits=Limits(**PLUS_LIMITS))
        failed = done[done.n_passed!=done.n_tests]
        assert failed.empty, failed[['task_id', 'n_tests', 'n_passed', 'status']]


def test_no_hidden_input_was_shown(suites, recorded_data):
    shown = load_tasks('mbpp').set_index('task_id').tests
    for row in suites['plus'].itertuples():
        assert not calls_of(row.entry_point, row.tests) & calls_of(row.entry_point, shown[row.task_id]), row.task_id


def test_shipped_grades_are_those_of_the_recorded_programs(suites, recorded_data, shipped):
    "Some of the recorded programs of these tasks, graded anew."
    recorded = load_completions('tjbai-llmr', load_tasks('mbpp'), ('1B', '8B', '70B'))
    key = ['task_id', 'model', 'sample']
    before = shipped('plus').query('suite=="plus" and mode=="strict" and status!="timeout"')
    of_these = recorded[recorded.task_id.isin(suites['plus'].task_id)].merge(before[key])
    some = of_these.iloc[::max(1, len(of_these)//50)]
    limits = Limits(**PLUS_LIMITS, packages=PACKAGES)
    again = grade_extra(some, dict(plus=suites['plus']), preamble=PREAMBLE, limits=limits).query('mode=="strict"')
    both = again.merge(before, on=key, suffixes=('', '_shipped'))
    assert len(both)==len(some)>=50
    for column in ('n_tests', 'n_passed', 'status'): assert (both[column]==both[f'{column}_shipped']).all(), column
