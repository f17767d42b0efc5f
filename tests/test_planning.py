"Planning: bands and powers against their definitions, simulated truths and recorded pairs."
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from llmr.core import InputError
from llmr.evaluation import bootstrap_weights, performance_gap
from llmr.planning import (
    MAX_TASKS, check_power, check_verdict, forecast_gain, forecast_text, gap_band, planned_power, simulate_pairs,
    tasks_needed)
from llmr.verdict import pair_tasks, routing_shares


@pytest.fixture(scope='module')
def paired():
    rng = np.random.default_rng(0)
    small, large = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    return pd.DataFrame(dict(small_tests=3., small_passed=small, large_tests=3., large_passed=large))


def test_a_band_without_losses_is_that_of_four_more_tasks():
    gap, low, high, critical = gap_band(np.zeros((50, 2)), np.ones(50), bootstrap_weights(50, 200))
    assert not gap.any() and critical==pytest.approx(norm.ppf(.975))
    assert low==pytest.approx(np.full(2, -critical*2/50)) and high==pytest.approx(-low)


def test_a_band_is_the_bootstrap_written_out(paired):
    share, weights = routing_shares(np.arange(80), [60, 20]), bootstrap_weights(80, 400, 3)
    won = share*(paired.small_passed-paired.large_passed).to_numpy()[:, None]
    tests, policies = paired.large_tests.to_numpy(), share.astype(bool).T
    gap, low, high, critical = gap_band(won, tests, weights)
    drawn = [np.repeat(np.arange(80), weight) for weight in weights]
    again = np.array([[performance_gap(paired.iloc[rows], small[rows]) for small in policies] for rows in drawn])
    assert gap==pytest.approx([performance_gap(paired, small) for small in policies])
    largest = (np.abs(again-gap)/again.std(0)).max(1)
    assert critical==pytest.approx(max(1.959964, np.quantile(largest, .95)), rel=1e-4)
    assert high-gap==pytest.approx(critical*np.sqrt(again.std(0)**2+4/80**2), rel=1e-4)
    both = gap_band(np.stack([won, 2*won], 1), np.stack([tests, tests], 1), weights)
    assert both[0][0]==pytest.approx(gap) and both[1][0]==pytest.approx(low) and both[0][1]==pytest.approx(2*gap)


def test_planned_power_by_hand():
    assert planned_power(400, .5, .1)==pytest.approx(norm.cdf((.1-1.96*np.sqrt(.025**2+4/400**2))/.025))
    n = tasks_needed(.4, .05, .9, 2.4)
    assert planned_power(n, .4, .05, 2.4)>=.9>planned_power(n-1, .4, .05, 2.4)
    assert tasks_needed(.4, 0.)==tasks_needed(.4, -.1)==MAX_TASKS
    for power in (0, 1, 1.5):
        with pytest.raises(InputError, match='must lie between 0 and 1'): tasks_needed(.4, .05, power)


def test_simulated_truths_are_true():
    truth = [-.01, -.03, -.02, -.04]
    for samples in (1, 5):
        won = simulate_pairs(truth, 500, samples, 2000, seed=3)
        error = won.mean(0).std(0)/np.sqrt(2000)
        assert (np.abs(won.mean((0, 1))-truth)<4*error).all()
    with pytest.raises(InputError, match='too large to simulate'): simulate_pairs([-.5, .5])


@pytest.mark.parametrize('n,samples,margin', [
    (500, 1, .01), (500, 1, .03), (150, 1, .01), (374, 10, .01), (80, 2, .05)])
def test_wrong_routes_and_coverage(n, samples, margin):
    "With every policy at the margin, at most 5% of 2,000 simulations may route, and at least 93% cover all truths."
    checked = check_verdict([-margin]*5, n, samples, margin, seed=1)
    assert checked['wrong']<=.05 and checked['covered']>=.93, checked


@pytest.mark.parametrize('expected', [2, 5, 8, 12, 20])
def test_few_losses_and_no_gain_are_no_licence(expected):
    "The skewest case: the small model never wins, and loses so many tasks of 200 that the truth lies at the margin."
    won = -(np.random.default_rng(4).random((200, 2000, 1))<expected/200).astype(np.float32)
    low = gap_band(won, np.ones((200, 2000)), bootstrap_weights(200, 500))[1]
    assert (low>-expected/200).mean()<=.05


def test_coverage_where_nothing_is_lost_and_where_much_is():
    for gaps in ([0.]*4, [-.05, -.1, -.15, -.2], [-.01, .0, -.01, .0]):
        checked = check_verdict(gaps, 300, 1, .01, seed=2)
        assert checked['covered']>=.93 and checked['wrong']<=.05, (gaps, checked)


@pytest.mark.parametrize('effect,power', [(.05, .5), (.05, .8), (.1, .9)])
def test_planned_power_on_recorded_pairs(shipped, pairs, effect, power):
    for pair in pairs:
        paired = pair_tasks(shipped('outcomes'), pair)
        won = np.outer((paired.small_passed-paired.large_passed)/paired.large_tests.mean(), [.5, 1.])
        critical = gap_band(won, np.ones(len(won)), bootstrap_weights(len(won)))[3]
        checked = check_power(won, 1, effect, power, critical)
        assert abs(checked['planned']-power)<.03, (pair, checked)
        assert abs(checked['planned']-checked['empirical'])<=.05, (pair, checked)


# ---- what more tasks would buy

def test_a_forecast_of_a_line_is_the_line():
    rows = forecast_gain([10, 20, 40, 80], [1., 2., 3., 4.], (160, 320), ceiling=5.5)
    assert [row['gain'] for row in rows]==pytest.approx([5, 5.5]) and rows[0]['share']==pytest.approx(5/5.5)
    assert rows[0]['low']==pytest.approx(5) and rows[1]['high']<=5.5
    assert np.isnan(forecast_gain([10, 20, 40], [1., 2., 3.], (80,))[0]['share'])


def test_forecasts_contain_what_is_measured_later():
    "At twice the largest number, in 90% of simulated curves or more."
    rng, sizes, inside = np.random.default_rng(0), np.repeat([40, 80, 160], 3), 0
    for _ in range(300):
        row, = forecast_gain(sizes, .8*np.log2(sizes)+rng.normal(0, .5, 9), (320,))
        inside += row['low']<=.8*np.log2(320)+rng.normal(0, .5)<=row['high']
    assert .9<=inside/300<=.99


@pytest.mark.parametrize('tasks,gain,wanted,message', [
    ([10, 20], [1, 2], (40,), '2 measured gains at 2 numbers'), ([10, 10, 10], [1, 2, 3], (40,), 'at 1 numbers'),
    ([10, 20, 40], [1, 2, float('nan')], (80,), 'three finite ones'), ([10, 20, 40], [1, 2, 3], (0,), 'below 1')])
def test_a_curve_that_tells_nothing_is_refused(tasks, gain, wanted, message):
    with pytest.raises(InputError, match=message): forecast_gain(tasks, gain, wanted)


def test_a_forecast_as_text():
    text = forecast_text(forecast_gain([10, 20, 40], [1., 2., 3.], (80, 1600), 10.), 3.)
    assert text.splitlines()[0]=='80 tasks: +4.0 points over random (+4.0 to +4.0, 40% of the ceiling), +1.0 to now'
    assert text.splitlines()[1].startswith('1,600 tasks: ')
