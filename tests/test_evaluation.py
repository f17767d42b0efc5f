import numpy as np
import pandas as pd
import pytest

from llmr.claims import TABLE1
from llmr.core import InputError
from llmr.runs import Pair
from llmr.evaluation import (
    bootstrap_gains, bootstrap_gap, bootstrap_weights, calibrate_threshold, deferral_curve, evaluate_curve,
    evaluate_scores, gain_over_random, interval, oracle_curve, paired_outcomes, performance_gap,
    random_baseline, table1, tie_groups)
from llmr.problem import cost_advantage, route


@pytest.fixture(scope='module')
def paired():
    rng = np.random.default_rng(0)
    counts = dict(
        small_tests=3, small_passed=rng.integers(0, 4, 40),
        large_tests=3, large_passed=rng.integers(0, 4, 40))
    return pd.DataFrame(counts, index=pd.Index(range(40), name='task_id'))


def test_the_curve_is_the_gap_at_every_threshold(paired):
    scores = np.random.default_rng(1).integers(0, 12, 40)/12
    x, gap = deferral_curve(scores, paired)
    for tau in np.unique(scores):
        small = route(scores, tau)
        assert gap[np.isclose(x, cost_advantage(small))]==pytest.approx(performance_gap(paired, small))
    assert (x[0], gap[0], x[-1])==(0, 0, 1) and len(x)==len(np.unique(scores))+1


def test_random_scores_gain_nothing_and_equal_ones_exactly_nothing(paired):
    rng = np.random.default_rng(0)
    gains = [gain_over_random(rng.random(40), paired) for _ in range(2000)]
    assert abs(np.mean(gains))<4*np.std(gains)/np.sqrt(len(gains))
    assert gain_over_random(np.ones(40), paired)==pytest.approx(0, abs=1e-12)


def test_groups_of_equal_scores():
    scores = np.random.default_rng(2).integers(0, 5, 60)/4
    order, ends = tie_groups(scores)
    assert ends[-1]==60 and sorted(order)==list(range(60))
    groups = np.split(order, ends[:-1])
    assert [np.unique(scores[group]).tolist() for group in groups]==[[value] for value in (1, .75, .5, .25, 0)]
    assert all((np.diff(group)>0).all() for group in groups), 'equal scores keep their order'


def test_reversed_scores_negate_the_gain(paired):
    scores = np.random.default_rng(3).random(40)
    assert gain_over_random(-scores, paired)==pytest.approx(-gain_over_random(scores, paired))


def test_nothing_beats_the_oracle(paired):
    x, best = oracle_curve(paired)
    for seed in range(20):
        moved, gap = deferral_curve(np.random.default_rng(seed).random(40), paired)
        assert (gap<=np.interp(moved, x, best)+1e-12).all()


def test_thresholds_are_percentiles():
    scores = np.arange(100)/100
    advantages = [cost_advantage(route(scores, calibrate_threshold(scores, target))) for target in (0., .2, .5, 1.)]
    assert advantages==pytest.approx([.01, .2, .5, 1.])
    for target in (-.1, 1.1):
        with pytest.raises(InputError, match='must lie in'): calibrate_threshold(scores, target)
    for bad in ([], [np.nan]):
        with pytest.raises(InputError, match='at least one score'): calibrate_threshold(bad, .5)


def test_weights_of_one_reproduce_the_estimates(paired):
    scores, small = np.random.default_rng(4).random(40), np.arange(40)<10
    once = np.ones((1, 40), int)
    assert bootstrap_gains(scores, paired, once)[0]==pytest.approx(gain_over_random(scores, paired))
    assert bootstrap_gap(small, paired, once)[0]==pytest.approx(performance_gap(paired, small))


def test_a_resample_equals_its_tasks_repeated(paired):
    scores = np.random.default_rng(5).random(40)
    weights = bootstrap_weights(40, 3)
    assert weights.shape==(3, 40) and (weights.sum(1)==40).all()
    for gain,weight in zip(bootstrap_gains(scores, paired, weights), weights):
        rows = np.repeat(np.arange(40), weight)
        assert gain==pytest.approx(gain_over_random(scores[rows], paired.iloc[rows]))


def test_intervals_are_the_middle_95_percent():
    assert interval(np.arange(10001))==pytest.approx((250, 9750))
    equal_models = pd.DataFrame(dict(small_tests=3, small_passed=1, large_tests=3, large_passed=1), index=range(40))
    curve = evaluate_curve(np.arange(40), equal_models, bootstrap_weights(40, 50), 5)
    assert curve.performance_gap.abs().max()==0 and curve.cost_advantage.tolist()==pytest.approx([0, .25, .5, .75, 1])


def test_evaluated_together_and_alone_are_the_same(paired):
    "One set of resampled curves serves the curve and the gain."
    parts = [dict(task_id=range(40), split='test', model=model, sample=0, n_tests=3,
                  n_passed=paired[f'{side}_passed'].to_numpy()) for model,side in (('A', 'small'), ('B', 'large'))]
    outcomes = pd.concat(map(pd.DataFrame, parts))
    scores = pd.DataFrame(dict(
        task_id=range(40), split='test', pair='A-B', quality='standard', router='r',
        score=np.random.default_rng(6).random(40)))
    scores = pd.concat([scores, scores.assign(split='validation', task_id=scores.task_id+40)])
    _, curves, gains = evaluate_scores(scores, outcomes, [Pair('A', 'B')], seed=3)
    test, weights = scores.score[:40].to_numpy(), bootstrap_weights(40, seed=3)
    alone = evaluate_curve(test, paired, weights)
    pd.testing.assert_frame_equal(curves[curves.router=='r'][list(alone)], alone, check_exact=True)
    bounds = gains.loc[gains.router=='r', ['low', 'high']].iloc[0]
    assert tuple(bounds)==interval(bootstrap_gains(test, paired, weights))


def test_random_baseline_takes_exact_shares(paired):
    rows = random_baseline(paired)
    assert rows.sd.iloc[[0, -1]].tolist()==pytest.approx([0, 0], abs=1e-12)
    assert rows.total_pass_rate.iloc[0]==paired.large_passed.sum()/paired.large_tests.sum()
    pd.testing.assert_frame_equal(rows, random_baseline(paired))


def test_models_need_the_same_tasks():
    rows = pd.DataFrame(dict(task_id=[1, 1, 2], split='test', model=['A', 'B', 'A'], sample=0, n_tests=3, n_passed=1))
    pair = Pair('A', 'B')
    with pytest.raises(InputError, match='task 2 .test. has outcomes of only one model'): paired_outcomes(rows, pair)
    with pytest.raises(InputError, match='no outcome of A-B on split train'): paired_outcomes(rows, pair, 'train')
    message = "unknown definition of the total pass rate 'strict'; choose from every_test, table1"
    with pytest.raises(InputError, match=message): paired_outcomes(rows, pair, definition='strict')
    scores = pd.DataFrame(dict(task_id=[9], split='test', pair='A-B', quality='standard', router='r', score=.5))
    with pytest.raises(InputError, match='task 1 has outcomes and no score of router r'):
        evaluate_scores(scores, rows[rows.task_id==1], [pair])


def test_a_model_whose_programs_never_run_is_rejected():
    tests = [['not_run']*3]*2+[['passed']*3, ['passed', 'failed', 'failed']]
    rows = pd.DataFrame(dict(
        task_id=[1, 2]*2, split='test', model=['A', 'A', 'B', 'B'], sample=0, n_tests=3, n_passed=[0, 0, 3, 1],
        status=['syntax_error']*2+['ran']*2, tests=tests))
    pair = Pair('A', 'B')
    assert performance_gap(paired_outcomes(rows, pair), np.ones(2, bool))==pytest.approx(-4/6)
    message = ('model A, split test: no program ran to the end of its tests, '
               'so table1 has nothing to count.*another pair')
    with pytest.raises(InputError, match=message): paired_outcomes(rows, pair, definition='table1')
    with pytest.raises(InputError, match='model A, split test: no task has a test, so every_test has nothing to count'):
        paired_outcomes(rows.assign(n_tests=[0, 0, 3, 3]), pair)


def test_table_1_from_own_grades(shipped, pairs):
    "All 18 means within 0.1 of the paper."
    for pair in pairs:
        baseline = random_baseline(paired_outcomes(shipped('outcomes'), pair, definition='table1'))
        means = 100*baseline.total_pass_rate
        assert np.abs(means-np.array(TABLE1[pair.name][0])).max()<=.1+1e-9, pair


def test_table_1_columns(shipped, pairs):
    baselines = {pair.name: random_baseline(paired_outcomes(shipped('outcomes'), pair)) for pair in pairs}
    rows = [baseline.assign(pair=name, definition='every_test') for name,baseline in baselines.items()]
    columns = 'pair,0,20,40,60,80,100,sd0,sd20,sd40,sd60,sd80,sd100'.split(',')
    assert list(table1(pd.concat(rows), 'every_test'))==columns
