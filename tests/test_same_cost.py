"A router against what needs none: the mixture, the oracle, groups, and what happens at the edges."
from functools import partial

import numpy as np
import pytest
from scipy.optimize import linprog

from llmr import same_cost
from llmr.same_cost import Choices, judge_router, mixture, oracle_rate

compare_router = partial(same_cost.compare_router, n_resamples=400)


def world(n=200, models=3, seed=0, costs=(1., 2., 6.)):
    "Rates of n tasks: a dearer model is better; costs vary by task."
    rng = np.random.default_rng(seed)
    rates = (rng.random((n, models))<np.linspace(.4, .7, models)).astype(float)
    return rates, np.array(costs)*rng.uniform(.5, 1.5, (n, 1))


def one_hot(chosen, models=3): return np.eye(models)[chosen]


def choices(chosen, rates, costs, groups=None):
    return Choices(list('ABCDE')[:rates.shape[1]], one_hot(chosen, rates.shape[1]), rates, costs, groups)


@pytest.mark.parametrize('seed', range(5))
def test_the_oracle_is_the_best_of_all_choices(seed):
    rng = np.random.default_rng(seed)
    rates, costs = rng.random((6, 3)).round(2), rng.uniform(1, 9, (6, 3)).round(2)
    for budget in (costs.min(1).mean(), costs.mean(), costs.max(1).mean()):
        each = np.kron(np.eye(6), np.ones(3))
        best = linprog(-rates.ravel(), costs.reshape(1, -1), [budget*6+1e-9], each, np.ones(6), (0, 1))
        assert oracle_rate(rates, costs, budget)==pytest.approx(-best.fun/6, abs=1e-6)


def test_random_routing_between_two_models_is_the_mixture_at_the_same_cost():
    rates, costs = world(models=2, costs=(1., 4.))
    table = compare_router(choices(np.random.default_rng(1).integers(0, 2, 200), rates, costs))
    random, mixed = (table[table.kind==kind].iloc[0] for kind in ('random', 'mixture'))
    assert random.rate==pytest.approx(mixed.rate) and random.cost==pytest.approx(mixed.cost)
    _, by_hand = mixture(random.cost, costs.mean(0), rates.mean(0))
    assert mixed.rate==pytest.approx(by_hand)


def test_every_policy_costs_what_the_router_costs_or_less():
    rates, costs = world()
    for seed in range(4):
        table = compare_router(choices(np.random.default_rng(seed).integers(0, 3, 200), rates, costs))
        assert (table.cost<=table.cost[0]*(1+1e-9)).all()
        assert table.rate[table.kind=='oracle'].item()>=table.rate.drop(table.index[table.kind=='oracle']).max()-1e-12


def test_a_router_that_knows_beats_all_and_one_that_errs_loses_to_a_single_model():
    rates, costs = world()
    ideal = rates.argmax(1)
    table = compare_router(choices(ideal, rates, costs))
    assert judge_router(table, 200).word=='ROUTE'
    table = compare_router(choices(rates.argmin(1), rates, costs))
    answer = judge_router(table, 200)
    assert answer.word=="DON'T" and table.kind[answer.row]=='single'


def test_groups_widen_and_a_repeated_task_is_no_evidence():
    rates, costs = world(20)
    chosen = rates.argmax(1)
    repeat = lambda part: np.repeat(part, 15, axis=0)
    alone = compare_router(choices(chosen, rates, costs))
    grouped = compare_router(choices(repeat(chosen), repeat(rates), repeat(costs), np.repeat(np.arange(20), 15)))
    naive = compare_router(choices(repeat(chosen), repeat(rates), repeat(costs)))
    assert grouped.rate.to_numpy()==pytest.approx(alone.rate.to_numpy())
    spread = lambda table: (table.high-table.low)[1]
    assert spread(grouped)==pytest.approx(spread(alone), rel=.1) and spread(naive)<.4*spread(grouped)


def test_without_costs_only_random_routing_is_compared():
    rates, _ = world()
    table = compare_router(choices(np.random.default_rng(1).integers(0, 3, 200), rates, None))
    assert table.kind.tolist()==['router', 'random'] and judge_router(table, 200).word in ('NEED', "DON'T")


def test_a_constant_router_is_that_model():
    rates, costs = world()
    table = compare_router(choices(np.full(200, 1), rates, costs))
    answer = judge_router(table, 200)
    assert answer.word=="DON'T" and table.policy[answer.row]=='always B' and table.gap[answer.row]==0


def test_a_router_cheaper_than_every_model_is_compared_with_the_cheapest():
    "It sends each task to the model that is cheap there."
    costs = np.tile([[1., 9.], [9., 1.]], (50, 1))
    rates = np.tile([[1., 0.], [0., 1.]], (50, 1))
    table = compare_router(choices(costs.argmin(1), rates, costs))
    assert table.policy.tolist()[2]=='always A' and table.cost[2]>table.cost[0]
    assert judge_router(table, 100).word=='ROUTE'


def test_free_models_and_equal_prices():
    rates, costs = world()
    for price in (0., 1.):
        table = compare_router(choices(rates.argmax(1), rates, np.full_like(costs, price)))
        assert set(table.kind)=={'router', 'random', 'single', 'oracle'} and table.rate.notna().all()


def test_shares_between_0_and_1_are_averaged():
    rates, costs = world(models=2, costs=(1., 4.))
    half = Choices(['A', 'B'], np.full((200, 2), .5), rates, costs)
    table = compare_router(half)
    assert table.rate[0]==pytest.approx(rates.mean()) and table.gap[1]==pytest.approx(0, abs=1e-9)


def test_random_routers_are_rarely_told_that_they_win_or_lose():
    "Of 40 routers that toss a coin between two models, few are told anything but NEED."
    words = []
    for seed in range(40):
        rates, costs = world(40, 2, seed, (1., 3.))
        table = compare_router(choices(np.random.default_rng(seed+999).integers(0, 2, 40), rates, costs), seed)
        words.append(judge_router(table, 40).word)
    assert words.count('ROUTE')<=3 and words.count("DON'T")<=5, words
