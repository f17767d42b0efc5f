"Policies of one class and their bills, against numbers worked by hand; families at equal cost; and what is refused."
import numpy as np
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.cascade import apply_gates
from llmr.core import InputError
from llmr.costs import add_costs
from llmr.frontier import (
    Overheads, add_retry, add_seconds, bill, budget_policies, chain_policies, chain_policy, retry_name, router_policy)
from llmr.pareto import (
    cross_areas, dominated_by, dominated_families, equal_cost_rows, evaluate_policies, family_groups, plot_families,
    unit_means)
from llmr.policies import add_person, all_chains, model_trials, run_chain
from llmr.runs import Pair
from llmr.trials import visible_test_trials

GOOD, BAD, NONE = 'passed passed', 'failed failed', 'error error'
WORDS = {('A', 1, 0): BAD, ('A', 1, 1): GOOD, ('A', 2, 0): NONE, ('A', 2, 1): BAD,
         ('B', 1, 0): GOOD, ('B', 1, 1): GOOD, ('B', 2, 0): NONE, ('B', 2, 1): GOOD}
OUTCOMES, SPEEDS, PRICES = outcomes_of(WORDS), dict(A=.1, B=.5), dict(A=1., B=10.)


@pytest.fixture(scope='module')
def trials(): return add_seconds(add_person(model_trials(OUTCOMES, ['A', 'B'], prices=PRICES), .9, 5000.), SPEEDS, 600.)


def by_sample(rows): return rows.groupby(['task_id', 'sample']).mean()


# ---- seconds

def test_seconds_and_programs_of_each_answer(trials):
    assert trials['seconds'].iloc[0].tolist()==[1, 5, 600] and trials['programs'].iloc[0].tolist()==[1, 1, 0]


# ---- retries

def test_retries_by_hand(trials):
    """Task 1: A fails, then passes; or passes at once. Task 2: never; what shows more, the failing program, is given,
    and both attempts are paid for."""
    retried = by_sample(add_retry(trials, 'A', 2).xs('A x2', axis=1, level=1))
    assert retried.passed.tolist()==[1, 1, 0, 0] and retried.programs.tolist()==[2, 1, 2, 2]
    assert retried.cost.tolist()==[20, 10, 20, 20] and retried.seconds.tolist()==[2, 1, 2, 2]
    assert retried.shows.tolist()==[2, 2, 1, 1] and retried.tokens.tolist()==[20, 10, 20, 20]


def test_a_retry_keeps_to_its_task_and_visible_test(trials):
    "In whatever order the rows come."
    mixed = trials.sample(frac=1, random_state=0)
    assert add_retry(mixed, 'A', 2).sort_index().equals(add_retry(trials, 'A', 2).sort_index())


@pytest.mark.parametrize('k,message', [(1, '1 attempts: a retry has at least 2'), (3, 'task 1 has 2 samples, and 3')])
def test_attempts_that_cannot_be_are_refused(trials, k, message):
    with pytest.raises(InputError, match=message): add_retry(trials, 'A', k)


# ---- bills

def test_a_chain_passes_and_costs_as_before(trials):
    for name,(chain, fallback) in all_chains(['A', 'B']).items():
        billed, before = bill(chain_policy(name, chain, fallback), trials), run_chain(trials, chain, fallback)
        assert billed.passed.tolist()==before.passed.tolist() and billed.cost.tolist()==before.cost.tolist()


def test_everything_that_is_used_is_billed(trials):
    overheads = Overheads(program_seconds=.25, look_seconds=3., look_cost=7.)
    alone = by_sample(bill(chain_policy('A', ('A',)), trials, overheads))
    assert alone.seconds.tolist()==[1]*4 and alone.cost.tolist()==[10]*4 # nobody looks at a lone model's program
    both = by_sample(bill(chain_policy('A > B', ('A', 'B')), trials, overheads))
    assert both.seconds.tolist()==[6.5, 1.25, 6.5, 6.5] and both.tokens.tolist()==[20, 10, 20, 20]
    person = by_sample(bill(chain_policy('A > person', ('A', 'person')), trials, overheads))
    assert person.seconds.tolist()==[601.25, 1.25, 601.25, 601.25] and person.passed.tolist()==[.9, 1, .9, .9]
    estimates = pd.DataFrame(dict(A=[1., 0.], B=[1., 1.]), index=[1, 2])
    routed = by_sample(bill(router_policy(['A', 'B'], estimates, pd.Series(PRICES), 100.), trials, overheads))
    assert routed.cost.tolist()==[17, 17, 107, 107] and routed.seconds.tolist()==[4, 4, 8, 8]


def test_an_unknown_speed_spoils_no_policy_that_does_not_ask_the_model(trials):
    unknown = trials.copy()
    unknown['seconds', 'B'] = np.nan
    assert bill(chain_policy('A', ('A',)), unknown).seconds.notna().all()
    assert bill(chain_policy('B', ('B',)), unknown).seconds.isna().all()


def test_families_of_chains():
    families = {policy.name: policy.family for policy in chain_policies(['A', 'B'], [retry_name('A', 3)])}
    assert families=={'A': 'one model', 'B': 'one model', 'A > B': 'chain of 2', 'A > B, else A': 'chain of 2',
                      'B > A': 'chain of 2', 'B > A, else B': 'chain of 2', 'A > person': 'with a person',
                      'B > person': 'with a person', 'A > B > person': 'with a person',
                      'B > A > person': 'with a person', 'person': 'with a person', 'A x3': 'retry',
                      'A x3 > B': 'chain with retries'}


def test_a_task_without_an_estimate_is_refused(trials):
    policy = router_policy(['A', 'B'], pd.DataFrame(dict(A=[1.], B=1.), index=[1]), pd.Series(PRICES), 1.)
    with pytest.raises(InputError, match='task 2 has no pick'): bill(policy, trials)


def test_a_budgeted_cascade_at_its_gate_is_the_cascade(trials):
    "Half of A's programs on these trials pass or not by task and sample, so a budget of the failing share is the gate."
    failing = 1-trials['passes', 'A'].mean()
    policy, = budget_policies(Pair('A', 'B'), pd.Series({1: .3, 2: .1}), trials, 'passed', (failing,))
    priced = add_costs(visible_test_trials(OUTCOMES, Pair('A', 'B')), Pair('A', 'B'), PRICES)
    gate = apply_gates(priced, dict(passes=1), check_large=True)
    billed = bill(policy, trials)
    assert billed.passed.tolist()==gate.passed.tolist() and billed.cost.tolist()==gate.cost.tolist()


def test_larger_budgets_ask_more(trials):
    policies = budget_policies(Pair('A', 'B'), pd.Series({1: .3, 2: .1}), trials)
    costs = [bill(policy, trials).cost.mean() for policy in policies]
    assert len(costs)==9 and costs==sorted(costs) and costs[0]<costs[-1]


# ---- families

POINTS = pd.DataFrame(dict(policy=list('abcde'), cost=[1., 2., 2., 3., 3.], total_pass_rate=[.2, .5, .4, .5, .5]))


def test_what_dominates_is_named():
    assert dominated_by(POINTS).tolist()==['', '', 'b', 'b', 'b']
    assert dominated_by(POINTS.assign(cost=1., total_pass_rate=.5)).tolist()==['']*5 # equals dominate no one


def test_families_may_use_single_models():
    groups = family_groups({'a': 'one model', 'b': 'chain of 2', 'c': 'with a person', 'd': 'chain of 2'})
    assert groups=={'one model': ['a'], 'chain of 2': ['a', 'b', 'd'], 'all': ['a', 'b', 'd']}


def test_families_at_equal_cost_by_hand():
    test, weights = POINTS.assign(total_pass_rate=[.2, .6, .4, .5, .5]), 3
    rates, costs = np.tile(test.total_pass_rate, (weights, 1)), np.tile(test.cost, (weights, 1))
    scored = dict(learned=(POINTS, None, None), test=(test, rates, costs))
    groups = {'one model': ['a', 'd'], 'chains': ['a', 'b', 'd']}
    rows = equal_cost_rows(scored, groups, dict(low=1.5, high=2.)).set_index(['budget', 'family'])
    # single models: a and d are corners, halfway between them .35; chains: b alone, on the line from nothing
    assert rows.total_pass_rate['high', 'one model']==pytest.approx(35)
    assert rows.total_pass_rate['low', 'chains']==pytest.approx(45)
    assert rows.over_alone['high', 'chains']==pytest.approx(25)==rows.over_low['high', 'chains']
    assert (rows.xs('one model', level='family').over_alone==0).all()


def test_a_dominated_family_is_named_and_dashed():
    groups = {'one model': ['a', 'd'], 'chains': ['a', 'b', 'd'], 'all': list('abcde')}
    dominated = dominated_families(POINTS, groups, 3.)
    assert dominated=={'one model': 'chains'}
    assert dominated_families(POINTS, {'one model': ['a'], 'same': ['a']}, 3.)=={} # neither beats the other
    scored = dict(learned=(POINTS,), test=(POINTS,))
    lines = plot_families(scored, groups, dominated).axes[0].get_lines()
    assert [(line.get_label(), line.get_linestyle()) for line in lines]==[
        ('one model (dominated by chains)', '--'), ('chains', '-')]


def test_units_are_means_over_tasks(trials):
    billed = bill(chain_policy('A', ('A',)), trials)
    assert unit_means({'A': billed})[['tokens', 'seconds']].values.tolist()==[[10, 1]]


def test_every_fold_is_scored_by_corners_of_the_others(trials):
    chains = {policy.name: bill(policy, trials) for policy in chain_policies(['A', 'B'], person=False)}
    tests, weights = trials['tests', 'A'], np.ones((2, 2))
    table, _, _ = evaluate_policies(chains, tests, weights)
    assert table.set_index('policy').total_pass_rate['A']==pytest.approx(.25)
    alone = cross_areas({'B': chains['B']}, tests, weights, np.array([0, 1]), 100.)
    assert alone['area']==alone['low']==alone['high']==pytest.approx(100*(1+.5)/2/2)
