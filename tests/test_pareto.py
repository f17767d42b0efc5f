"Many models, fronts and people: against numbers worked by hand; and what must be refused."
import numpy as np
import pandas as pd
import pytest

from llmr.cascade import apply_gates
from llmr.costs import add_costs
from llmr.core import InputError
from llmr.runs import Pair, get_profile
from llmr.evaluation import bootstrap_weights, deferral_curve, paired_outcomes, performance_gap
from llmr.pareto import (
    add_person, all_chains, cross_qualities, estimate_qualities, evaluate_policies, front_area, hull_corners,
    model_trials, pareto_front, pick, plot_front, run_chain, run_picks, task_rates)
from llmr.problem import route
from llmr.trials import visible_test_trials

PRICES = dict(A=1., B=10., C=100.)


def outcomes_of(words):
    "`{(model, task): 'passed failed ...'}` as outcomes of one token."
    return pd.DataFrame([dict(task_id=task, split='test', model=model, sample=0, tests=text.split(), n_tests=len(text.split()), n_passed=text.split().count('passed'), n_tokens=1) for (model, task),text in words.items()])


WORDS = {('A', 1): 'passed passed', ('B', 1): 'passed passed', ('C', 1): 'failed failed',
         ('A', 2): 'error error', ('B', 2): 'passed passed', ('C', 2): 'passed passed',
         ('A', 3): 'failed passed', ('B', 3): 'error error', ('C', 3): 'failed failed'}


@pytest.fixture
def trials(): return model_trials(outcomes_of(WORDS), ['A', 'B', 'C'], prices=PRICES)


def by_task(decided): return decided.groupby('task_id').mean()


def test_chain_by_hand(trials):
    found = run_chain(trials, ('A', 'B', 'C'))
    # task 3: with test 0 visible all fail, A and C give a value, the last one goes out: hidden test 1 fails; with test 1 visible A is kept: hidden test 0 fails
    assert by_task(found).passed.tolist()==[1, 1, 0] and by_task(found).cost.tolist()==[1, 11, (111+1)/2]
    # the same, falling back on A: its hidden test passes
    assert by_task(run_chain(trials, ('A', 'B', 'C'), 'A')).passed.tolist()==[1, 1, .5]
    # B falls back on itself, but shows less than A where test 0 of task 3 is visible
    assert by_task(run_chain(trials, ('A', 'B'), 'B')).passed.tolist()==[1, 1, .5]
    assert by_task(run_chain(trials, ('B',))).passed.tolist()==[1, 1, 0] and by_task(run_chain(trials, ('B',))).cost.tolist()==[10]*3


def test_a_chain_of_two_is_the_cascade(trials):
    outcomes = outcomes_of(WORDS)
    for pair in (Pair('A', 'B'), Pair('B', 'C'), Pair('A', 'C'), Pair('C', 'A')):
        single = apply_gates(add_costs(visible_test_trials(outcomes, pair), pair, PRICES), dict(passes=1), check_large=True)
        found = run_chain(trials, tuple(pair))
        assert found.passed.tolist()==single.passed.tolist() and found.cost.tolist()==single.cost.tolist()


def test_every_chain_and_fallback_once():
    found = all_chains(['A', 'B', 'C'])
    assert len(found)==3+6*2+6*3 and len(set(found.values()))==33 and found['A > B, else A']==(('A', 'B'), 'A') and found['B']==(('B',), 'B')


def test_a_person_passes_its_rate_at_its_cost_and_is_never_asked_twice(trials):
    with_person = add_person(trials, .9, 5000.)
    alone = run_chain(with_person, ('person',))
    assert (alone.passed==.9).all() and (alone.cost==5000).all()
    after = by_task(run_chain(with_person, ('B', 'person')))
    assert after.passed.tolist()==[1, 1, .9] and after.cost.tolist()==[10, 10, 5010]


def test_picking_among_two_is_equation_1():
    rng = np.random.default_rng(0)
    quality, cost = rng.random((50, 2)), np.array([1., 8.])
    for worth in (.5, 5., 50.): assert ((pick(quality, cost, worth)==0)==route(quality[:, 0]-quality[:, 1], (cost[0]-cost[1])/worth)).all()


def test_picking_goes_from_the_cheapest_to_the_best():
    quality, cost = np.array([[.2, .5, .9], [.6, .6, .1]]), [1., 10., 100.]
    assert pick(quality, cost, 0).tolist()==[0, 0] and pick(quality, cost, np.inf).tolist()==[2, 0] and pick(quality, cost, 100).tolist()==[1, 0]


def test_picks_are_run(trials):
    found = run_picks(trials, ['A', 'B', 'C'], pd.Series({1: 0, 2: 2, 3: 1}))
    assert by_task(found).passed.tolist()==[1, 1, 0] and by_task(found).cost.tolist()==[1, 100, 10]


def test_estimates_are_out_of_fold():
    x = np.linspace(0, 1, 40).astype(np.float32)[:, None]
    quality, views, fold = np.column_stack([x[:, 0], np.full(40, .3)]), dict(prompt=x), np.arange(40)%4
    found = cross_qualities('ridge', views, quality, fold)
    assert np.abs(found[:, 0]-x[:, 0]).max()<.1 and found[:, 1]==pytest.approx(.3)
    spoiled = quality.copy()
    spoiled[fold==0] = 0
    assert (cross_qualities('ridge', views, spoiled, fold)[fold==0]==found[fold==0]).all()
    assert estimate_qualities('ridge', views, quality, dict(prompt=x[:2])).shape==(2, 2)


def test_policies_are_weighted_by_task(trials):
    tests = trials['tests', 'A']
    assert task_rates(run_chain(trials, ('B',)), tests).tolist()==[[1, 1, 10], [1, 1, 10], [0, 1, 10]]
    table, rates, costs = evaluate_policies({'B': run_chain(trials, ('B',)), 'A': run_chain(trials, ('A',))}, tests, np.array([[1, 1, 1], [3, 0, 0], [0, 0, 3]]))
    assert table.total_pass_rate.tolist()==pytest.approx([2/3, .5]) and table.cost.tolist()==[10, 1]
    assert rates.T.tolist()==[[2/3, 1, 0], [.5, 1, .5]] and costs.T.tolist()==[[10]*3, [1]*3]


POINTS = pd.DataFrame(dict(policy=list('abcdef'), cost=[1., 2., 2., 3., 4., 5.], total_pass_rate=[.2, .5, .4, .55, .5, .8]))


def test_front_and_prices_by_hand():
    front = pareto_front(POINTS)
    assert front.policy.tolist()==['a', 'b', 'd', 'f'] and front.point_price.tolist()[1:]==pytest.approx([1/30, 1/5, 2/25])


def test_hull_and_area_by_hand():
    # slopes from nothing: b .25 a unit is steeper than a .2; from b to f .1, which passes over d (.6 at 3)
    assert hull_corners(POINTS)==['b', 'f']
    assert front_area([2., 5.], [.5, .8], 10.)==pytest.approx((.5+3*.65+5*.8)/10)
    assert front_area([5., 2.], [.8, .5], 1.)==pytest.approx(.125)
    assert hull_corners(POINTS.assign(total_pass_rate=0.))==[]


def test_the_figure_names_what_is_on_the_front():
    fig = plot_front(POINTS.assign(family=['one', 'one', 'router', 'router', 'one', 'one'], front=POINTS.policy.isin(['a', 'b', 'd', 'f'])), ' (units)')
    assert [text.get_text() for text in fig.axes[0].texts]==['1', '2', '3', '1  a\n2  b\n3  f'] and fig.axes[0].get_xlabel().endswith('(units)')


def test_what_cannot_be_is_refused(trials):
    for wrong,said in ((dict(pass_rate=1.2, cost=1), 'pass rate 1.2'), (dict(pass_rate=.5, cost=-1), 'cost -1'), (dict(pass_rate=float('nan'), cost=1), 'must lie in'), (dict(pass_rate=.5, cost=float('inf')), 'cost inf')):
        with pytest.raises(InputError, match=said): add_person(trials, **wrong)
    with pytest.raises(InputError, match="no model 'D' to ask; there are A, B, C"): run_chain(trials, ('A', 'D'))
    with pytest.raises(InputError, match='ask each model once'): run_chain(trials, ('A', 'A'))
    with pytest.raises(InputError, match='ask each model once'): run_chain(trials, ('A', 'B'), 'C')
    with pytest.raises(InputError, match='worth -1'): pick([[1, 2]], [1, 2], -1)
    with pytest.raises(InputError, match='task 3 has no pick'): run_picks(trials, ['A', 'B', 'C'], pd.Series({1: 0, 2: 1}))
    with pytest.raises(InputError, match='budget 0'): front_area([1], [1], 0)
    with pytest.raises(InputError, match="'C' has no price"): model_trials(outcomes_of(WORDS), ['A', 'B', 'C'], prices=dict(A=1, B=2))
    with pytest.raises(InputError, match="price of 'B' is -2"): model_trials(outcomes_of(WORDS), ['A', 'B'], prices=dict(A=1, B=-2))
    with pytest.raises(InputError, match='task 3 .*only one of A and C'): model_trials(outcomes_of({key: text for key,text in WORDS.items() if key!=('C', 3)}), ['A', 'B', 'C'], prices=PRICES)
    with pytest.raises(InputError, match='no outcome of D-D'): model_trials(outcomes_of(WORDS), ['A', 'D'], prices=dict(A=1, D=1))


def test_two_model_picks_are_a_point_of_the_deferral_curve(shipped):
    outcomes, models = shipped('outcomes'), ['8B', '70B']
    trials = model_trials(outcomes, models)
    paired = paired_outcomes(outcomes, Pair(*models))
    gap = np.random.default_rng(0).normal(size=len(paired))
    picks = pick(np.column_stack([gap, np.zeros(len(gap))]), [8., 70.], 100.)
    found, _, _ = evaluate_policies({name: run_picks(trials, models, pd.Series(chosen, paired.index)) for name,chosen in (('routed', picks), ('large', picks*0+1))}, trials['tests', '8B'], bootstrap_weights(len(paired), 2))
    # each test is hidden in two of three trials, so the mean over trials is the pass rate on every test
    assert found.total_pass_rate.diff().iloc[1]==pytest.approx(-performance_gap(paired, picks==0))
    x, curve = deferral_curve(gap, paired)
    assert performance_gap(paired, picks==0)==pytest.approx(np.interp((picks==0).mean(), x, curve))


def test_three_models_pass_more_than_the_best_pair_at_no_more_cost(shipped):
    trials = model_trials(shipped('outcomes'), list(get_profile('shipped').models))
    chains = {'pair': (('70B', '8B'), '8B'), 'three': (('8B', '70B', '1B'), '8B')}
    found, rates, _ = evaluate_policies({name: run_chain(trials, *chain) for name,chain in chains.items()}, trials['tests', '8B'], bootstrap_weights(500, 500))
    assert found.total_pass_rate[1]>found.total_pass_rate[0] and found.cost[1]<found.cost[0] and np.quantile(rates[:, 1]-rates[:, 0], .025)>0
