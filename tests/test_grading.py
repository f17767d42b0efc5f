"What changes under another grader."
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from llmr.core import check_table
from llmr.evaluation import paired_outcomes, performance_gap
from llmr.grading import (
    GRADERS, TABLE1_COUNTER, compare_graders, grade_extra, graded, grader_verdicts, plot_forest, rate_gap,
    shipped_extra, survival, winner_changes)


@pytest.fixture(scope='module')
def all_graders(shipped): return graded(shipped('outcomes'), shipped('regrades'), shipped('plus'))


@pytest.fixture(scope='module')
def compared(all_graders, pairs): return compare_graders(all_graders, pairs)


def test_graders_that_the_run_has(all_graders, compared, pairs):
    assert list(all_graders)==list(GRADERS)
    assert not ((compared.grader==TABLE1_COUNTER) & (compared.measure=='programs')).any()
    assert ((compared.low<=compared.gap) & (compared.gap<=compared.high)).all()
    expected = np.select([compared.low>0, compared.high<0], ['small ahead', 'large ahead'], 'indistinguishable')
    assert (compared.verdict==expected).all()
    by_tests = compared[compared.measure=='tests'].set_index(['pair', 'split'])
    three, plus = (by_tests.n_tasks[by_tests.grader==grader] for grader in ('three tests, MBPP+ tasks', 'MBPP+'))
    assert three.equals(plus) and three['8B-70B', 'test']==192


def test_three_tests_are_the_papers_gap(compared, shipped, pairs):
    on_test = compared[(compared.split=='test') & (compared.measure=='tests')].set_index('pair')
    rows = on_test.gap[on_test.grader=='three tests']
    for pair in pairs:
        paired = paired_outcomes(shipped('outcomes'), pair)
        assert rows[pair.name]==pytest.approx(performance_gap(paired, np.ones(len(paired), bool)))
    table1 = on_test.gap[on_test.grader==TABLE1_COUNTER]
    for pair,gap in {'1B-8B': -18.5, '8B-70B': 3.9, '1B-70B': -14.6}.items():
        assert 100*table1[pair]==pytest.approx(gap, abs=.2)


def test_the_8b_model_and_the_70b_model(compared):
    "Ahead on test by three tests, behind on train once names are bound, level on MBPP+ under lenient grading."
    by_tests = compared[(compared.pair=='8B-70B') & (compared.measure=='tests')]
    verdict = by_tests.set_index(['split', 'grader']).verdict
    assert verdict['test', 'three tests']=='small ahead' and verdict['train', 'three tests']=='indistinguishable'
    assert verdict['train', 'name bound']=='large ahead' and verdict['test', 'MBPP+, lenient']=='indistinguishable'


def test_what_becomes_of_a_conclusion(compared):
    rows = survival(compared)
    assert set(rows.conclusion)=={'confirmed', 'refuted', 'undecided'}
    for r in rows.itertuples():
        other = 'undecided' if r.verdict=='indistinguishable' else 'refuted'
        assert r.conclusion==('confirmed' if r.verdict==r.claimed else other), r
    assert not ((rows.grader=='three tests') & (rows.split=='test')).any()
    assert survival(compared.assign(verdict='indistinguishable')).conclusion.eq('none').all()


def test_winners_change_only_where_tests_do(all_graders, pairs):
    some = {name: all_graders[name] for name in ('three tests', 'name bound', 'MBPP+')}
    rows = winner_changes(some, pairs[1:2]).set_index(['grader', 'split'])
    assert (rows.changed['three tests']==0).all() and (rows.label_distance['three tests']==0).all()
    on_train = rows.loc[('MBPP+', 'train')]
    assert on_train.comparisons==880 and 0<on_train.turned<on_train.changed<.5
    assert ((rows.low<=rows.changed) & (rows.changed<=rows.high)).all()


def test_verdicts_under_graders(all_graders, pairs, shipped):
    scores = shipped('outcomes').drop_duplicates('task_id')[['task_id', 'split']]
    scores = scores.assign(pair='8B-70B', score=scores.task_id%97/97)
    some = {name: all_graders[name] for name in ('three tests', TABLE1_COUNTER, 'MBPP+, lenient')}
    rows = grader_verdicts(some, scores, pairs[1:2]).set_index('grader')
    assert list(rows.index)==['three tests', 'MBPP+, lenient'] and rows.tasks.tolist()==[500, 192]
    assert rows.random['three tests']=='ROUTE at cost advantage 1.00'
    assert rows.random['MBPP+, lenient']=='ROUTE at cost advantage 0.20'


def test_rates_of_models_with_other_tests():
    paired = pd.DataFrame(dict(small_tests=[4, 4], small_passed=[4, 0], large_tests=[4, 0], large_passed=[1, 0]))
    assert rate_gap(paired, np.array([[1, 1], [2, 0]])).tolist()==[.5-.25, 1-.25]


def test_the_forest_has_a_row_a_grader(compared):
    figure = plot_forest(compared, '8B-70B')
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()]==list(GRADERS)
    assert [ax.get_title() for ax in figure.axes]==['train', 'validation', 'test']


def test_shipped_grades_hold_no_text(shipped):
    plus = shipped('plus')
    assert plus.select_dtypes(exclude='number').map(len).max().max()<=len('syntax_error')
    assert len(shipped_extra(shipped('completions').query('model=="8B"')))==(plus.model=='8B').sum()
    assert (ROOT/'llmr'/'data'/'shipped'/'plus.parquet').stat().st_size<50_000


def test_no_suite_no_grade():
    row = dict(task_id=1, model='A', sample=0, text=None, code='x = 1', n_tokens=1, finish_reason='stop')
    assert check_table('plus', grade_extra(pd.DataFrame([row]), {})).empty
