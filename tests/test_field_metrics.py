"The field's metrics against their sources' formulas, and where they are not defined."
import math

import numpy as np
import pandas as pd
import pytest

from llmr.evaluation import bootstrap_weights, gain_over_random, paired_outcomes
from llmr.field_metrics import (
    aiq, apgr, arena_score, calls_curve, cpt, deferral_area, field_rows, field_text, pass_at_1, rising_hull)


def a_pair(n=400, small=.4, large=.7, seed=0):
    "Scores and outcomes of one test a task; the scores know something of which model solves it."
    rng = np.random.default_rng(seed)
    easy = rng.random(n)
    passed = dict(small_passed=rng.random(n)<small*2*easy, large_passed=rng.random(n)<large)
    paired = pd.DataFrame(passed).astype(int).assign(small_tests=1, large_tests=1)
    return easy+rng.normal(0, .2, n), paired


def routellm(scores, paired, thresholds):
    "`(calls of the strong model, accuracy)` at thresholds of the strong model's win rate, which is minus the score."
    strong = [np.where(-scores>=cut, True, False) for cut in thresholds[:-1]]+[-scores>thresholds[-1]]
    accuracy = [np.where(sent, paired.large_passed, paired.small_passed).mean() for sent in strong]
    points = sorted((sent.mean(), rate) for sent,rate in zip(strong, accuracy))
    return np.array(points).T


def test_apgr_and_area_are_those_of_routellm_at_every_threshold():
    scores, paired = a_pair()
    every = np.sort(-scores)
    calls, accuracy = routellm(scores, paired, every)
    ours = calls_curve(scores, paired)
    weak, strong = paired.small_passed.mean(), paired.large_passed.mean()
    area = np.trapezoid(accuracy, calls)
    assert deferral_area(*ours)==pytest.approx(area)
    assert apgr(*ours)==pytest.approx((area-weak)/(strong-weak))
    few = routellm(scores, paired, np.quantile(-scores, np.linspace(0, 1, 11)))
    assert apgr(*ours)==pytest.approx((np.trapezoid(few[1], few[0])-weak)/(strong-weak), abs=.03)


def test_apgr_is_the_gain_over_random_in_another_unit():
    scores, paired = a_pair(seed=3)
    lead = paired.large_passed.mean()-paired.small_passed.mean()
    assert apgr(*calls_curve(scores, paired))==pytest.approx(.5+gain_over_random(scores, paired)/100/lead)
    assert apgr(*calls_curve(np.zeros(len(paired)), paired))==pytest.approx(.5)


def test_cpt_is_the_interpolated_one_on_a_curve_that_rises_everywhere():
    calls, rate = np.linspace(0, 1, 1001), .3+.4*np.linspace(0, 1, 1001)**.5
    for share in (.2, .5, .8):
        assert cpt(calls, rate, share)==pytest.approx(np.interp(.3+share*.4, rate, calls), abs=.0011)


def test_cpt_is_a_threshold_that_exists_where_a_curve_falls():
    "RouteLLM's interpolation would need accuracy to rise; on this curve it returns a point that nobody can have."
    calls, rate = np.array([0, .25, .5, .75, 1]), np.array([.5, .9, .4, .6, .7])
    assert cpt(calls, rate, .5)==.25 and cpt(calls, rate, 1)==.25
    assert np.interp(.6, rate, calls) not in calls


def brute_hull(costs, rates):
    "Height at each cost of the best mixture of two points, then never falling: RouterBench's definition."
    grid = np.unique(costs)
    best = []
    for x in grid:
        heights = [rate for cost,rate in zip(costs, rates) if cost==x]
        for x0,y0 in zip(costs, rates):
            heights += [y0+(y1-y0)*(x-x0)/(x1-x0) for x1,y1 in zip(costs, rates) if x0<x<x1]
        best.append(max(heights))
    return grid, np.maximum.accumulate(best)


@pytest.mark.parametrize('seed', range(8))
def test_aiq_is_the_mean_height_of_the_best_mixtures(seed):
    rng = np.random.default_rng(seed)
    costs, rates = rng.uniform(1, 5, 9).round(1), rng.random(9).round(2)
    x, y = rising_hull(costs, rates)
    fine = np.linspace(costs.min(), costs.max(), 4001)
    heights = np.interp(fine, x, y)
    grid, best = brute_hull(costs, rates)
    assert np.interp(grid, x, y)==pytest.approx(best)
    assert aiq(costs, rates)==pytest.approx(heights.mean(), abs=1e-3)
    assert aiq(costs, rates, costs.max()+2)>=aiq(costs, rates)-1e-12


def test_aiq_of_one_cost_is_not_defined(): assert math.isnan(aiq([2, 2], [.1, .9])) and math.isnan(aiq([2], [.5]))


@pytest.mark.parametrize(('cost', 'accuracy'), [(.0044, .5), (1, .7), (199, .9), (37.5, 1.)])
def test_the_score_of_routerarena(cost, accuracy):
    thrift = (math.log2(200)-math.log2(cost))/(math.log2(200)-math.log2(.0044))
    assert arena_score(cost, accuracy)==pytest.approx(1.1*accuracy*thrift/(.1*accuracy+thrift))


def test_the_score_of_routerarena_is_cut_to_its_range_and_needs_a_cost():
    assert arena_score(1e-9, .6)==arena_score(.0044, .6) and arena_score(1e9, .6)==0==arena_score(1, 0)
    for wrong in ((0, .5), (-1, .5), (math.nan, .5), (1, math.nan), (1, 1.2)): assert math.isnan(arena_score(*wrong))


def test_ratios_are_not_defined_where_the_large_model_is_not_ahead():
    "Behind, and ahead by too little to be shown; everything else stays defined."
    for small,large in ((.7, .4), (.56, .55)):
        scores, paired = a_pair(200, small, large, seed=1)
        rows = field_rows(scores, paired, bootstrap_weights(200, 300)).set_index('metric')
        assert rows.value[['APGR', 'CPT(20%)', 'CPT(50%)', 'CPT(80%)']].isna().all()
        assert rows.reason['APGR'].startswith('not defined: the large model is not ahead (')
        defined = rows.loc[['gain over random', 'area under the deferral curve', 'AIQ']]
        assert defined.value.notna().all() and (defined.reason=='').all()
        assert 'nan' not in field_text(rows.reset_index())


def test_the_8b_and_the_70b_model_have_no_apgr_and_the_1b_model_has(shipped, pairs):
    outcomes, rng = shipped('outcomes'), np.random.default_rng(0)
    known = {}
    for pair in pairs:
        paired = paired_outcomes(outcomes, pair)
        rows = field_rows(rng.random(len(paired)), paired, bootstrap_weights(len(paired), 200))
        known[pair.name] = rows.set_index('metric').value['APGR']
    assert math.isnan(known['8B-70B']) and .3<known['1B-70B']<.7 and .3<known['1B-8B']<.7


def test_intervals_hold_the_estimate_and_cost_is_by_task():
    scores, paired = a_pair()
    spent = pd.DataFrame(dict(small=np.linspace(.1, .3, len(paired)), large=1.))
    rows = field_rows(scores, paired, bootstrap_weights(len(paired), 300), spent).set_index('metric')
    known = rows[rows.low.notna()]
    assert len(known)==6 and (known.low<=known.value).all() and (known.value<=known.high).all()
    assert rows.value['AIQ']>rows.value['AIQ of the two models alone']


def test_one_price_for_both_leaves_aiq_out():
    scores, paired = a_pair(50)
    rows = field_rows(scores, paired, bootstrap_weights(50, 100), pd.DataFrame(dict(small=[1.]*50, large=1.)))
    assert rows.reason.iloc[-1]=='not defined: both models cost the same' and math.isnan(rows.value.iloc[-1])


def test_pass_at_1_counts_samples_that_pass_all_tests():
    rows = [dict(task_id=task, model='A', n_tests=3, n_passed=passed) for task,passed in (('a', 3), ('a', 2), ('b', 3))]
    known = pass_at_1(pd.DataFrame(rows))
    assert known.pass_at_1.tolist()==[.75] and known.usd_per_task.isna().all()
    none = pass_at_1(pd.DataFrame(rows).assign(n_passed=0, cost_usd=1.))
    assert none.usd_per_task.tolist()==[1] and none.usd_per_solved.isna().all()
