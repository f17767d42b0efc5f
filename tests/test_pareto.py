"Fronts and areas over many policies, against numbers worked by hand; a recording with prices; and what is refused."
import numpy as np
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.core import InputError
from llmr.evaluation import bootstrap_weights, deferral_curve, paired_outcomes, performance_gap
from llmr.pareto import (
    CEILING, area_groups, area_rows, best_chains, best_policy, cross_areas, evaluate_policies, family_area, front_area,
    front_points, hull_corners, in_percent, mark_front, pair_comparison, pareto_front, plot_front, recorded_areas,
    recorded_points, recorded_policies, recorded_trials, task_rates, try_chains)
from llmr.policies import PERSON, add_person, all_chains, model_trials, person_chains, pick, run_chain, run_picks
from llmr.runs import Pair, get_profile
from llmr.selection import fold_numbers

MODELS = ['A', 'B', 'C']
WORDS = {('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed passed', ('C', 1, 0): 'failed failed',
         ('A', 2, 0): 'error error', ('B', 2, 0): 'passed passed', ('C', 2, 0): 'passed passed',
         ('A', 3, 0): 'failed passed', ('B', 3, 0): 'error error', ('C', 3, 0): 'failed failed'}
POINTS = pd.DataFrame(dict(policy=list('abcdef'), cost=[1., 2., 2., 3., 4., 5.],
                           total_pass_rate=[.2, .5, .4, .55, .5, .8]))


@pytest.fixture
def trials(): return model_trials(outcomes_of(WORDS, tokens=1), MODELS, prices=dict(A=1., B=10., C=100.))


# ---- what policies pass and cost

def test_policies_are_weighted_by_task(trials):
    tests = trials['tests', 'A']
    assert task_rates(run_chain(trials, ('B',)), tests).tolist()==[[1, 1, 10], [1, 1, 10], [0, 1, 10]]
    decided = {name: run_chain(trials, (name,)) for name in 'BA'}
    table, rates, costs = evaluate_policies(decided, tests, np.array([[1, 1, 1], [3, 0, 0], [0, 0, 3]]))
    assert table.total_pass_rate.tolist()==pytest.approx([2/3, .5]) and table.cost.tolist()==[10, 1]
    assert rates.T.tolist()==[[2/3, 1, 0], [.5, 1, .5]] and costs.T.tolist()==[[10]*3, [1]*3]


def test_chains_are_counted_without_the_person(trials):
    chains = all_chains(MODELS, 2) | person_chains(MODELS)
    tried = try_chains(add_person(trials, .9, 5000.), chains, np.ones((2, 3))).set_index('policy')
    assert tried.models[['A', 'A > B', 'A > B > person', PERSON]].tolist()==[1, 2, 2, 0]
    assert tried.index[tried.person].tolist()==list(person_chains(MODELS))
    assert tried.total_pass_rate[PERSON]==pytest.approx(.9)


# ---- the front

def test_front_and_prices_by_hand():
    front = pareto_front(POINTS)
    assert front.policy.tolist()==['a', 'b', 'd', 'f']
    assert front.point_price.tolist()[1:]==pytest.approx([1/30, 1/5, 2/25])


def test_the_front_is_where_settings_are_chosen():
    "On test `c` beats `b`; the mark stays with `b`."
    test = POINTS.assign(total_pass_rate=[.2, .3, .6, .55, .5, .8])
    marked = mark_front(test, POINTS)
    assert marked.policy[marked.front].tolist()==['a', 'b', 'd', 'f']
    assert marked.point_price.isna().tolist()==[True, False, True, False, True, False]
    points = front_points(dict(learned=(POINTS,), test=(test,)), dict.fromkeys('abcdef', 'chain of 2'), 'e')
    assert points.learned_rate.tolist()==POINTS.total_pass_rate.tolist() and points.cost_ratio[0]==pytest.approx(1/4)
    assert points.total_pass_rate.tolist()==test.total_pass_rate.tolist() and points.front.equals(marked.front)


def test_rates_in_percent():
    shown = in_percent(POINTS, ('total_pass_rate',))
    assert shown.total_pass_rate.tolist()==pytest.approx([20, 50, 40, 55, 50, 80]) and shown.cost.equals(POINTS.cost)


# ---- areas

def test_hull_and_area_by_hand():
    # from nothing, b gains .25 a unit of cost and a .2; from b to f it is .1, which passes above d: .6 at cost 3
    assert hull_corners(POINTS)==['b', 'f']
    assert front_area([2., 5.], [.5, .8], 10.)==pytest.approx((.5+3*.65+5*.8)/10)
    assert front_area([5., 2.], [.8, .5], 1.)==pytest.approx(.125)
    assert hull_corners(POINTS.assign(total_pass_rate=0.))==[]


@pytest.mark.parametrize('budget', [0, -1, float('nan')])
def test_a_budget_is_above_0(budget):
    with pytest.raises(InputError, match=f'budget {budget}: must be above 0'): front_area([1], [1], budget)


def test_a_familys_area_uses_the_corners_it_was_given():
    rates = np.tile(POINTS.total_pass_rate, (3, 1))*[[1], [.5], [1]]
    scored = POINTS, rates, np.tile(POINTS.cost, (3, 1))
    found = family_area(['b', 'f'], scored, 10.)
    assert found['area']==pytest.approx(100*(.5+3*.65+5*.8)/10)
    assert found['area']/2<=found['low']<found['high']==pytest.approx(found['area'])


def test_groups_have_no_person_and_routers_have_their_models():
    chains = all_chains(['A', 'B']) | person_chains(['A'])
    families = {'A': 'one model', 'B': 'one model', 'A > B': 'chain of 2', 'A > person': 'with a person',
                PERSON: 'with a person', 'r': 'router over A/B', 'q': 'router over A/B/person'}
    assert area_groups(families, chains, [['A', 'B']])=={
        'one model': ['A', 'B'], 'router over A/B': ['r', 'A', 'B'],
        'chains of up to 2': ['A', 'B', 'A > B'], 'chains of up to 3': ['A', 'B', 'A > B']}


def test_corners_of_an_area_come_from_the_learned_tasks():
    "On test `f` passes nothing, and its group must bear it."
    test = POINTS.assign(total_pass_rate=[.2, .5, .4, .55, .5, 0.])
    resampled = np.tile(test.total_pass_rate, (2, 1)), np.tile(test.cost, (2, 1))
    scored = dict(learned=(POINTS,), test=(test, *resampled))
    rows = area_rows('made up', scored, dict(all=list('abcdef'), cheap=['a', 'b']), 5.)
    assert rows.area.tolist()==pytest.approx([100*(.5+3*.25)/5, 100*(.5+3*.5)/5])
    assert rows[['data', 'family']].values.tolist()==[['made up', 'all'], ['made up', 'cheap']]


# ---- three models next to the best pair

def test_the_best_policy_is_the_cheapest_of_equals():
    assert best_policy(POINTS)=='f' and best_policy(POINTS.iloc[[3, 4, 1]])=='d'
    assert best_policy(POINTS.iloc[[4, 1]])=='b'


def test_best_chains_leave_the_person_out():
    tried = pd.DataFrame(dict(policy=['A', 'A > B', 'A > B > C', 'C > B > A', 'A > person'], cost=[1., 5., 4., 9., 3.],
                              total_pass_rate=[.2, .5, .6, .7, .9], models=[1, 2, 3, 3, 1],
                              person=[False]*4+[True]))
    best = {'best single': 'A', 'best pair': 'A > B', 'best of three': 'C > B > A'}
    assert best_chains(tried)==best | {'best of three, no dearer than the pair': 'A > B > C'}
    assert best_chains(tried[tried.policy!='A > B > C'])==best
    assert best_chains(tried[tried.models<3])==best | {'best of three': 'A > B'}


def test_differences_to_the_pair_are_paired(trials):
    chains = all_chains(MODELS)
    best = {'best single': 'A', 'best pair': 'A > B', 'best of three': 'A > B > C, else A'}
    table = pair_comparison(best, chains, trials, bootstrap_weights(3, 200), 100.).set_index('policy')
    assert table.over_pair.tolist()==pytest.approx([100*(.5-2.5/3), 0, 0]) and table.chain.tolist()==list(best.values())
    assert table.over_low['best of three']==table.over_high['best of three']==0
    assert table.cost_ratio['best single']==pytest.approx(.01)
    assert table.total_pass_rate['best pair']==pytest.approx(250/3)


# ---- a recording with prices

@pytest.fixture
def recorded():
    "Forty tasks, half of them easy; `cheap` solves those, `dear` solves all."
    easy = np.arange(40)%4<2
    texts = np.where(easy, 'add two', 'parse a tree')
    tasks = pd.DataFrame(dict(task_id=range(40), tests=[[]]*40, setup='', text=texts))
    outcomes = pd.DataFrame([dict(task_id=task, model=model, n_passed=int(easy[task] or model=='dear'))
                             for task in range(40) for model in ('cheap', 'dear')])
    costs = pd.DataFrame(dict(model=['cheap', 'dear'], cost_usd=[.1, 1.]))
    return tasks, recorded_trials(outcomes, costs), easy


def test_policies_of_a_recording(recorded):
    tasks, trials, easy = recorded
    decided, families = recorded_policies(tasks, trials, 'hashing', 'ridge')
    assert list(families)==list(decided) and list(dict.fromkeys(families.values()))==[
        'one model', 'router over all', 'needs to know']
    assert decided[CEILING].passed.all() and decided[CEILING].cost.tolist()==np.where(easy, .1, 1.).tolist()
    assert decided['router over 2, worth 0'].cost.eq(.1).all()
    points = recorded_points(decided, families, trials, bootstrap_weights(40, 50)).set_index('policy')
    assert points.cost_ratio[['cheap', 'dear']].tolist()==pytest.approx([.1, 1]) and not points.front[CEILING]
    assert points.learned_rate.isna().all() and points.front['cheap']


def test_areas_of_a_recording(recorded):
    tasks, trials, _ = recorded
    decided, families = recorded_policies(tasks, trials, 'hashing', 'ridge')
    half = fold_numbers(40, 2, 42)
    rows = recorded_areas('made up', decided, families, trials, bootstrap_weights(40, 50), half)
    assert rows.family.tolist()==['one model', 'router over all, and one model', 'needs to know']
    assert rows.area.is_monotonic_increasing and (rows.low<=rows.area).all() and (rows.area<=rows.high).all()


def test_corners_of_one_half_are_scored_on_the_other():
    "`x` passes the first half only, `y` the second: what looks best on one half passes nothing on the other."
    index = pd.MultiIndex.from_product([range(8), [0], ['']], names=['task_id', 'sample', 'visible'])
    half = np.arange(8)//4
    decided = {name: pd.DataFrame(dict(passed=(half==part)*1., cost=1.), index=index)
               for name,part in (('x', 0), ('y', 1))}
    tests, weights = pd.Series(1., index), np.ones((2, 8))
    assert cross_areas(decided, tests, weights, half, 2.)==dict(area=0, low=0, high=0)
    assert cross_areas(decided, tests, weights, np.arange(8)%2, 2.)['area']==pytest.approx(100*.75*.5)


# ---- the picture and the recorded numbers

def test_the_figure_names_what_is_on_the_front():
    families = ['one', 'one', 'router', 'router', 'one', 'one']
    fig = plot_front(POINTS.assign(family=families, front=POINTS.policy.isin(['a', 'b', 'd', 'f'])), ' (units)')
    assert [text.get_text() for text in fig.axes[0].texts]==['1', '2', '3', '1  a\n2  b\n3  f']
    assert fig.axes[0].get_xlabel().endswith('(units)')


def test_two_model_picks_are_a_point_of_the_deferral_curve(shipped):
    outcomes, models = shipped('outcomes'), ['8B', '70B']
    trials, paired = model_trials(outcomes, models), paired_outcomes(outcomes, Pair(*models))
    gap = np.random.default_rng(0).normal(size=len(paired))
    picks = pick(np.column_stack([gap, np.zeros(len(gap))]), [8., 70.], 100.)
    decided = {name: run_picks(trials, models, pd.Series(chosen, paired.index))
               for name,chosen in (('routed', picks), ('large', picks*0+1))}
    table, _, _ = evaluate_policies(decided, trials['tests', '8B'], bootstrap_weights(len(paired), 2))
    # each test is hidden in two of three trials, so the mean over trials is the pass rate on every test
    assert table.total_pass_rate.diff().iloc[1]==pytest.approx(-performance_gap(paired, picks==0))
    x, curve = deferral_curve(gap, paired)
    assert performance_gap(paired, picks==0)==pytest.approx(np.interp((picks==0).mean(), x, curve))


def test_three_models_pass_more_than_the_best_pair_at_no_more_cost(shipped):
    trials = model_trials(shipped('outcomes'), list(get_profile('shipped').models))
    chains = {'pair': (('70B', '8B'), '8B'), 'three': (('8B', '70B', '1B'), '8B')}
    decided = {name: run_chain(trials, *chain) for name,chain in chains.items()}
    table, rates, _ = evaluate_policies(decided, trials['tests', '8B'], bootstrap_weights(500, 500))
    assert table.total_pass_rate[1]>table.total_pass_rate[0] and table.cost[1]<table.cost[0]
    assert np.quantile(rates[:, 1]-rates[:, 0], .025)>0
