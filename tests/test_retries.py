"Retries and best of k, waiting times and mixtures at equal cost, against numbers worked by hand."
import numpy as np
import pandas as pd
import pytest

from llmr.cascade import apply_gates, chain_of_three, retry_policies, retry_rows
from llmr.core import InputError
from llmr.retries import add_waiting, attempt_trials, best_mixture, retry_row

SPEEDS = dict(small=.01, large=.1)


@pytest.fixture
def trials():
    """Task 1: samples pass, fail, fail the visible test. Task 2: only the last sample shows a value. Four samples each,
    ten tokens more a sample; the large model is right on both."""
    shown = {1: [(1., 1.), (0., 1.), (0., 1.), (1., 1.)], 2: [(0., 0.), (0., 0.), (0., 0.), (0., 1.)]}
    rows = [dict(task_id=task, sample=sample, visible='0', passes=passes, runs=runs, lead=passes+runs-2,
                 small_tests=2, small_passed=2*passes, small_tokens=50+10*sample, small_cost=50.+10*sample,
                 large_tests=2, large_passed=2, large_tokens=40, large_cost=320., router_cost=1., score=.5)
            for task,samples in shown.items() for sample,(passes, runs) in enumerate(samples)]
    return pd.DataFrame(rows)


def test_a_retry_pays_what_it_makes_and_best_of_k_pays_all(trials):
    again, at_once = attempt_trials(trials, 2), attempt_trials(trials, 2, True)
    assert again.task_id.tolist()==[1, 1, 2, 2] and again.attempts.tolist()==[1, 2, 2, 2]
    assert again.small_cost.tolist()==[50, 150, 110, 150] and at_once.small_cost.tolist()==[110, 150, 110, 150]
    assert at_once.longest_tokens.tolist()==[60, 80, 60, 80] and again.longest_tokens.tolist()==[50, 150, 110, 150]
    assert again.small_passed.tolist()==at_once.small_passed.tolist()==[2, 2, 0, 0]
    assert again.runs.tolist()==[1, 1, 0, 1], 'of two that fail, the one that returns a value is given'
    assert again.one_cost.tolist()==[55, 75, 55, 75] and again.lead.tolist()==[0, 0, -2, -1]


def test_samples_that_are_left_over_are_not_used(trials):
    three = attempt_trials(trials, 3)
    assert three.task_id.tolist()==[1, 2] and three.small_cost.tolist()==[50, 180]
    mixed = attempt_trials(trials.sample(frac=1, random_state=0), 3)
    pd.testing.assert_frame_equal(three, mixed[three.columns], check_dtype=False)


@pytest.mark.parametrize('k,message', [(1, '1 attempts: a retry has at least 2'), (5, 'task 1 has 4 samples, and 5')])
def test_attempts_that_cannot_be(trials, k, message):
    with pytest.raises(InputError, match=message): attempt_trials(trials, k)


def test_seconds_are_of_answers_one_after_the_other_and_of_programs(trials):
    policies = retry_policies(trials, [2])
    waited = {name: add_waiting(decided, SPEEDS).seconds.tolist() for name,decided in policies.items()}
    assert waited['small x2']==pytest.approx([.5+.1, 1.5+.2, 1.1+.2, 1.5+.2])
    assert waited['best of 2']==pytest.approx([.6+.1, .8+.1, .6+.1, .8+.1])
    assert waited['small x2, then large']==pytest.approx([.6, 1.7, 1.3+4, 1.7+4])
    assert waited['visible'][:2]==pytest.approx([.6, .7+4]), 'the first passes, the second goes on'


def test_mixtures_by_hand_and_by_brute_force():
    rng = np.random.default_rng(0)
    costs, rates, budgets = rng.uniform(1, 9, (50, 3)), rng.random((50, 3)), rng.uniform(1, 9, 50)
    share = np.linspace(0, 1, 401)
    for cost,rate,budget,found in zip(costs, rates, budgets, best_mixture(costs, rates, budgets)):
        mixed = [((1-share)*rate[i]+share*rate[j])[(1-share)*cost[i]+share*cost[j]<=budget]
                 for i in range(3) for j in range(3)]
        if not any(map(len, mixed)): assert found==rate[cost.argmin()]
        else: assert found==pytest.approx(max(values.max() for values in mixed if len(values)), abs=5e-3)
    assert best_mixture([1., 5.], [.4, .8], 3.)==pytest.approx(.6) and best_mixture([1., 5.], [.9, .8], 3.)==.9


def test_a_policy_never_beats_itself_and_the_cascade_is_one_more_rival(trials):
    rows = pd.DataFrame(retry_rows(retry_policies(trials, [2]), {}, SPEEDS, dict(pair='A-B')))
    assert set(rows.unit)=={'cost', 'seconds'} and (rows.over_cascade<=rows.over_mix+1e-9).all()
    assert (rows.over_cascade[rows.policy=='visible']<=1e-9).all()
    assert (rows.over_mix_low<=rows.over_mix).all() and (rows.over_mix<=rows.over_mix_high).all()
    unknown = retry_rows(retry_policies(trials, [2]), {}, dict(small=.01, large=np.nan), dict(pair='A-B'))
    assert {row['unit'] for row in unknown}=={'cost'}, 'nothing is said of seconds that nobody knows'


def test_a_row_by_hand(trials):
    plain = add_waiting(apply_gates(trials, dict(passes=1)), SPEEDS)
    both = add_waiting(apply_gates(attempt_trials(trials, 2), {}), SPEEDS)
    row = retry_row(both, plain, 'cost', np.ones((3, 2)))
    # 460/4 a task; one small answer costs 65 and passes a fourth, the large one 320 and all
    assert row['total_pass_rate']==50 and row['kept_small']==100 and row['ratio']==pytest.approx(115/320)
    assert row['over_mix']==pytest.approx(100*(.5-(.25+.75*50/255)))


def test_a_chain_of_three_asks_in_turn(trials):
    other = trials.assign(passes=1., small_passed=1, small_cost=100., small_tokens=30)
    chain = chain_of_three(trials, other, [.01, .02, .1])
    first = trials.passes.to_numpy()==1
    assert (chain.kept==first).all() and chain.passed.tolist()==np.where(first, 2, 1).tolist()
    assert chain.cost.tolist()==(trials.small_cost+~first*100).tolist()
    assert chain.seconds[1]==pytest.approx(.6+.1+.6+.1)
    with pytest.raises(InputError, match='other tasks or samples'): chain_of_three(trials, other[:5], [.01, .02, .1])
