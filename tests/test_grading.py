"Tests beyond those that the models were shown, and what changes under another grader."
import json

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from llmr.core import InputError, check_table
from llmr.evaluation import paired_outcomes, performance_gap
from llmr.execution import Limits, execute
from llmr.grading import (
    GRADERS, LEFT_OUT, PLUS_LIMITS, TABLE1_COUNTER, called, challenge_tasks, compare_graders, extra_tasks,
    grade_extra, graded, grader_verdicts, plot_forest, plus_records, plus_tasks, rate_gap, readings,
    restore_inputs, shipped_extra, shown_name, survival, winner_changes)

RUNNING = dict(preamble='import sys\nfrom collections import Counter\n', limits=Limits(**PLUS_LIMITS, packages=('numpy', 'scipy', 'sympy', 'mpmath')))


@pytest.fixture(scope='module')
def all_graders(shipped): return graded(shipped('outcomes'), shipped('regrades'), shipped('plus'))


@pytest.fixture(scope='module')
def compared(all_graders, pairs): return compare_graders(all_graders, pairs)


def record(**changes):
    "An MBPP+ record of a made-up task."
    return dict(task_id='Mbpp/9001', entry_point='double', canonical_solution='def double(x): return 2*x', plus_input=[[1], [2.5], [0]], atol=0) | changes


def own(tests, task_id=9001): return pd.DataFrame([dict(task_id=task_id, benchmark='mbpp', split='test', text=None, tests=tests, setup='', entry_point=None)])


def programs(*codes): return pd.DataFrame([dict(task_id=9001, model='A', sample=i, text=code, code=code, n_tokens=1, finish_reason='stop') for i,code in enumerate(codes)])


def test_types_that_json_lacks():
    assert restore_inputs(2, [[[1, 2], [3]]])==[[(1, 2), (3,)]]
    assert restore_inputs(63, [[[[1, 2], [3]]]])==[[[(1, 2), (3,)]]]
    assert restore_inputs(259, [[[[1, 2]], [[3]]]])==[[((1, 2),), ((3,),)]]
    assert restore_inputs(106, [[[5, 6], [9, 10]]])==[[[5, 6], (9, 10)]]
    assert restore_inputs(722, [[{'a': [1, 2]}, [3]]])==[[{'a': (1, 2)}, [3]]]
    assert restore_inputs(791, [[[1, [2, [3]]]]])==[[(1, (2, (3,)))]]
    assert restore_inputs(115, [[[[1, 1], [], {}]]])==[[[{1}, {}, {}]]]
    assert [type(v) for v in restore_inputs(124, [['0', '1j']])[0]]==[float, complex] and restore_inputs(252, [['(1+2j)']])==[[1+2j]]
    assert restore_inputs(3, [[[1, 2]]])==[[[1, 2]]]


def test_types_are_those_of_evalplus(data_folder):
    mbpp = pytest.importorskip('evalplus.data.mbpp')
    for row in json.loads((data_folder/'mbpp'/'mbppplus.json').read_text()):
        task_id, inputs = int(row['task_id'].split('/')[1]), list(row['plus_input'])
        assert [list(arguments) for arguments in mbpp.mbpp_deserialize_inputs(row['task_id'], inputs)]==[list(arguments) for arguments in restore_inputs(task_id, inputs)], task_id


def test_shown_inputs_are_left_out_and_the_shown_name_is_called():
    (source, calls), = readings(record(), ['assert Double( 1 ) == 2'])
    assert calls==['Double(2.5)', 'Double(0)'] and source.endswith('Double = double')
    assert shown_name('sum', ['assert sum(10, 15)==6'])=='sum' and shown_name('f', ['assert set(g(1))=={1}'])=='g'
    with pytest.raises(InputError, match='calls no function'): shown_name('f', ['assert True'])


def test_order_second_readings_and_found_or_not():
    ordered = record(entry_point='Diff', canonical_solution='def Diff(a, b): return sorted(set(a)^set(b))', plus_input=[[[1, 2], [2, 3]]])
    tests = plus_tasks({9001: ordered}, own(['assert Diff([1], [1])==[]']))
    assert execute(programs('def Diff(a, b): return [3, 1]', 'def Diff(a, b): return [3]'), tests).n_passed.tolist()==[1, 0]
    several = record(entry_point='sum_div', canonical_solution='def sum_div(n): return n+1', plus_input=[[4]])
    tests = plus_tasks({9001: several}, own(['assert sum_div(1)==2']))
    assert execute(programs('def sum_div(n): return 5', 'def sum_div(n): return 0', 'def sum_div(n): return 1'), tests).n_passed.tolist()==[1, 1, 0]
    found = record(entry_point='check_str', canonical_solution='import re\ndef check_str(s): return re.search("^a", s)', plus_input=[['ab'], ['ba']])
    tests = plus_tasks({9001: found}, own(['assert check_str("a")']))
    assert execute(programs('def check_str(s): return s[:1]=="a"', 'import re\ndef check_str(s): return re.match("a", s)', 'def check_str(s): return 1'), tests).n_passed.tolist()==[2, 2, 1]


def test_floats_are_close_and_a_wrong_solution_is_another_suite():
    tests = plus_tasks({9001: record()}, own(['assert double(9)==18']))
    assert execute(programs('def double(x): return x*2+1e-9', 'def double(x): return x*2+1e-3'), tests).n_passed.tolist()==[1, 0]
    suites = plus_records([record(), record(task_id='Mbpp/9002', entry_point='are_equivalent')], pd.concat([own(['assert double(9)==18']), own(['assert are_equivalent(1)'], 9002)]))
    assert list(suites['plus'])==[9001] and suites['reworded']=={} and 'are_equivalent' in LEFT_OUT
    assert list(plus_records([record()], own(['assert double(9)==19']))['reworded'])==[9001]


def test_a_solution_without_an_answer_is_an_error():
    with pytest.raises(InputError, match=r"double\(0\).*has no value: ZeroDivisionError"): plus_tasks({9001: record(canonical_solution='def double(x): return 1/x')}, own(['assert double(1)==1']))


def test_benchmarks_without_extra_tests(shipped):
    for name in ('humaneval', 'own'): assert extra_tasks(own(['assert f(1)==1'], 2).assign(benchmark=name))=={}, 'a task of ours that has the number of one of MBPP'
    assert check_table('plus', grade_extra(programs('x = 1'), {})).empty
    tasks = own(['assert double(9)==18'])
    assert challenge_tasks([dict(task_id=9001, challenge_test_list=[])], tasks).empty
    assert challenge_tasks([dict(task_id=9001, challenge_test_list=['assert double(-1)==-2'])], tasks).tests[0].tolist()==['assert double(-1)==-2']


def test_a_damaged_file_is_named(tmp_path, monkeypatch, shipped):
    (tmp_path/'mbpp').mkdir()
    (tmp_path/'mbpp'/'mbppplus.json').write_text('[]')
    monkeypatch.setenv('LLMR_DATA', str(tmp_path))
    with pytest.raises(InputError, match='mbppplus.json: checksum mismatch'): extra_tasks(shipped('tasks'))


def test_graders_that_the_run_has(all_graders, compared, pairs):
    assert list(all_graders)==list(GRADERS)
    assert not ((compared.grader==TABLE1_COUNTER) & (compared.measure=='programs')).any()
    assert ((compared.low<=compared.gap) & (compared.gap<=compared.high)).all()
    expected = np.select([compared.low>0, compared.high<0], ['small ahead', 'large ahead'], 'not told apart')
    assert (compared.verdict==expected).all()
    same = [compared[(compared.grader==grader) & (compared.measure=='tests')].set_index(['pair', 'split']).n_tasks for grader in ('three tests, MBPP+ tasks', 'MBPP+')]
    assert same[0].equals(same[1]) and same[0]['8B-70B', 'test']==192


def test_three_tests_are_the_papers_gap(compared, shipped, pairs):
    rows = compared[(compared.grader=='three tests') & (compared.measure=='tests') & (compared.split=='test')].set_index('pair').gap
    for pair in pairs:
        paired = paired_outcomes(shipped('outcomes'), pair)
        assert rows[pair.name]==pytest.approx(performance_gap(paired, np.ones(len(paired), bool)))
    table1 = compared[(compared.grader==TABLE1_COUNTER) & (compared.split=='test')].set_index('pair').gap
    for pair,gap in {'1B-8B': -18.5, '8B-70B': 3.9, '1B-70B': -14.6}.items(): assert 100*table1[pair]==pytest.approx(gap, abs=.2)


def test_the_8b_model_and_the_70b_model(compared):
    "Ahead on test by three tests, behind on train once names are forgiven, level on MBPP+ once they are forgiven."
    told = compared[(compared.pair=='8B-70B') & (compared.measure=='tests')].set_index(['split', 'grader']).verdict
    assert told['test', 'three tests']=='small ahead' and told['train', 'three tests']=='not told apart'
    assert told['train', 'names forgiven']=='large ahead' and told['test', 'MBPP+, both forgiven']=='not told apart'


def test_what_becomes_of_a_conclusion(compared):
    rows = survival(compared)
    assert set(rows.conclusion)=={'stands', 'falls', 'not told'}
    for r in rows.itertuples(): assert r.conclusion==('stands' if r.verdict==r.claimed else 'not told' if r.verdict=='not told apart' else 'falls'), r
    assert not ((rows.grader=='three tests') & (rows.split=='test')).any()
    assert survival(compared.assign(verdict='not told apart')).conclusion.eq('none').all()


def test_winners_change_only_where_tests_do(all_graders, pairs):
    rows = winner_changes({name: all_graders[name] for name in ('three tests', 'names forgiven', 'MBPP+')}, pairs[1:2]).set_index(['grader', 'split'])
    assert (rows.changed['three tests']==0).all() and (rows.label_distance['three tests']==0).all()
    assert rows.comparisons['MBPP+', 'train']==880 and 0<rows.turned['MBPP+', 'train']<rows.changed['MBPP+', 'train']<.5
    assert ((rows.low<=rows.changed) & (rows.changed<=rows.high)).all()


def test_verdicts_under_graders(all_graders, pairs, shipped):
    scores = shipped('outcomes').drop_duplicates('task_id')[['task_id', 'split']].assign(pair='8B-70B', score=lambda rows: rows.task_id%97/97)
    rows = grader_verdicts({name: all_graders[name] for name in ('three tests', TABLE1_COUNTER, 'MBPP+, both forgiven')}, scores, pairs[1:2]).set_index('grader')
    assert list(rows.index)==['three tests', 'MBPP+, both forgiven'] and rows.tasks.tolist()==[500, 192]
    assert rows.random['three tests'].startswith('ROUTE') and rows.random['MBPP+, both forgiven'].startswith('NEED')


def test_rates_of_models_with_other_tests():
    paired = pd.DataFrame(dict(small_tests=[4, 4], small_passed=[4, 0], large_tests=[4, 0], large_passed=[1, 0]))
    assert rate_gap(paired, np.array([[1, 1], [2, 0]])).tolist()==[.5-.25, 1-.25]


def test_the_forest_has_a_row_a_grader(compared):
    figure = plot_forest(compared, '8B-70B')
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()]==list(GRADERS) and [ax.get_title() for ax in figure.axes]==['train', 'validation', 'test']


def test_shipped_grades_hold_no_text(shipped):
    plus = shipped('plus')
    assert plus.select_dtypes(exclude='number').map(len).max().max()<=len('syntax_error')
    assert len(shipped_extra(shipped('completions').query('model=="8B"')))==(plus.model=='8B').sum()
    assert (ROOT/'llmr'/'data'/'shipped'/'plus.parquet').stat().st_size<50_000


@pytest.fixture(scope='module')
def suites(data_folder):
    "The recorded benchmark's extra tests."
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('LLMR_DATA', str(data_folder))
        from llmr.benchmarks import load_tasks
        return extra_tasks(load_tasks('mbpp'))


def test_every_solution_passes(suites, data_folder):
    "EvalPlus' solution of every task passes every test made from it; in the suite `reworded` too."
    assert {name: len(tasks) for name,tasks in suites.items()}=={'plus': 313, 'reworded': 67, 'challenge': 11}
    held = {int(row['task_id'].split('/')[1]): row for row in json.loads((data_folder/'mbpp'/'mbppplus.json').read_text())}
    for suite in ('plus', 'reworded'):
        tasks = suites[suite]
        code = [f'{held[row.task_id]["canonical_solution"]}\n{row.entry_point} = {held[row.task_id]["entry_point"]}' for row in tasks.itertuples()]
        solutions = pd.DataFrame(dict(task_id=tasks.task_id, model='solution', sample=0, text=None, code=code, n_tokens=0, finish_reason=None))
        done = execute(solutions, tasks, limits=Limits(**PLUS_LIMITS))
        assert (done.n_passed==done.n_tests).all(), done[done.n_passed!=done.n_tests][['task_id', 'n_tests', 'n_passed', 'status']]


def test_no_hidden_input_was_shown(suites, recorded_data):
    from llmr.benchmarks import load_tasks
    shown = load_tasks('mbpp').set_index('task_id').tests
    for row in suites['plus'].itertuples(): assert not called(row.tests, row.entry_point) & called(shown[row.task_id], row.entry_point), row.task_id


def test_shipped_grades_are_those_of_the_recorded_programs(suites, recorded_data, shipped):
    "A fixed hundred of the recorded programs, graded anew."
    from llmr.benchmarks import load_tasks
    from llmr.sampling import load_completions
    recorded = load_completions('tjbai-llmr', load_tasks('mbpp'), ('1B', '8B', '70B'))
    graded_before = shipped('plus').query('suite=="plus" and mode=="strict" and status!="timeout"')
    some = recorded.merge(graded_before[['task_id', 'model', 'sample']]).iloc[::31]
    again = grade_extra(some, dict(plus=suites['plus']), **RUNNING).query('mode=="strict"')
    both = again.merge(graded_before, on=['task_id', 'model', 'sample'], suffixes=('', '_shipped'))
    assert len(both)==len(some)>=90
    assert (both.n_tests==both.n_tests_shipped).all() and (both.n_passed==both.n_passed_shipped).all() and (both.status==both.status_shipped).all()
