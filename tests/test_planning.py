"Planning: bands and powers against their definitions, simulated truths and recorded pairs."
import numpy as np
import pytest
from scipy.stats import beta, norm, skew
from scipy.stats import t as student

from llmr.core import InputError
from llmr.evaluation import bootstrap_weights
from llmr.planning import (
    MAX_TASKS, RESERVE, SPARE, check_power, critical_values, gap_band, gap_errors, max_t_critical, one_sided,
    planned_power, possible_effects, simulate_pairs, tasks_needed)
from llmr.verdict import pair_tasks


def test_a_band_without_losses_is_wider_than_the_exact_limit():
    for n in (20, 50, 400):
        band = gap_band(np.zeros((n, 2)), np.ones(n))
        few = student.ppf(1-.05*(1-RESERVE), n-1)*np.sqrt(n/(n-1)) # Student's, and the bias of an error of n tasks
        assert not band.gap.any() and band.critical.in_turn==band.critical.together==pytest.approx(few)
        assert (band.low<-(1-.05**(1/n))).all() and band.high==pytest.approx(-band.low) and (band.low>-5/n).all()


@pytest.mark.parametrize('n', [50, 200, 1000])
def test_lost_tasks_are_bounded_as_by_clopper_and_pearson(n):
    "The lower end after x of n losses is never nearer than the exact limit, and not much farther away."
    for lost in (0, 1, 2, 3, 5, 8, 15):
        won = -np.repeat([1., 0.], [lost, n-lost])[:, None]
        below, exact = -gap_band(won, np.ones(n)).low[0], beta.ppf(.95, lost+1, n-lost)
        assert exact-.002<below<=1.45*exact, (lost, below, exact)


def test_moments_are_those_of_the_bootstrap():
    "Standard error and skewness of ratios with uneven weights, beside 20,000 resamples of tasks."
    rng = np.random.default_rng(5)
    tests = rng.integers(1, 6, 80).astype(float)
    won = np.column_stack([np.where(rng.random(80)<share, -tests, .2*tests) for share in (.1, .3)])
    errors, weights = gap_errors(won, tests), bootstrap_weights(80, 20_000)
    drawn = (weights@won)/(weights@tests)[:, None]
    assert errors.gap==pytest.approx(won.sum(0)/tests.sum()) and errors.heaviest==pytest.approx(5/tests.sum())
    assert drawn.std(0)==pytest.approx(errors.error, rel=.05)
    assert skew(drawn)==pytest.approx(errors.skew, abs=.08)
    several = gap_errors(np.stack([won, 2*won], 1), np.stack([tests, tests], 1))
    assert several.gap[1]==pytest.approx(2*errors.gap) and several.error[0]==pytest.approx(errors.error)


def test_the_critical_value_is_one_sided():
    rng = np.random.default_rng(6)
    alone = rng.normal(size=(300, 1))
    assert max_t_critical(alone)==pytest.approx(norm.ppf(1-.05*(1-RESERVE)), abs=.02)
    assert max_t_critical(np.repeat(alone, 7, 1))==pytest.approx(max_t_critical(alone)), 'one and the same policy'
    independent = max_t_critical(rng.normal(size=(5000, 5)))
    assert independent==pytest.approx(norm.ppf((1-.05*(1-RESERVE))**.2), abs=.03)
    few = student.ppf(1-.05*(1-RESERVE), 8)*np.sqrt(9/8)
    assert max_t_critical(np.zeros((9, 3)))==pytest.approx(few)


def test_critical_values_in_turn_and_at_once():
    "A tenth of the error is for policies out of turn; one policy, however often it is named, needs none."
    rng = np.random.default_rng(8)
    values = critical_values(rng.normal(size=(5000, 5)))
    error = .05*(1-RESERVE)
    expected = norm.ppf([1-(1-SPARE)*error, 1-SPARE*error/5, 1-error])
    assert values[:3]==pytest.approx(expected, abs=.01) and values.together>values.in_turn
    alike = critical_values(np.repeat(rng.normal(size=(300, 1)), 5, 1))
    assert alike.in_turn==alike.alone==pytest.approx(alike.together)


def test_a_task_that_weighs_much_makes_the_band_wide():
    "Without a loss among 3 heavy tasks of 100, losses there cannot be excluded; effective n says how few they are."
    tests = np.repeat([1., 60.], [97, 3])
    band = gap_band(np.zeros((100, 1)), tests)
    assert band.low[0]<-.5 and band.effective==pytest.approx(277**2/(97+3*3600)) and band.heaviest>20
    assert gap_band(np.zeros((100, 1)), np.ones(100)).effective==100


def test_nothing_is_left_of_rounding():
    "A gap of a third on every task has no error: 1e-17 is zero."
    band = gap_band(np.full((90, 1), 1/3), np.ones(90))
    assert band.sd[0]==band.step[0]==0 and band.low[0]==pytest.approx(1/3-norm.ppf(.95)*5.5**.5/90)


def test_planned_power_by_hand():
    assert planned_power(400, .5, .1)==pytest.approx(norm.cdf((.1-1.645*.025-.75/400)/.025))
    assert planned_power(400, .5, np.array([.1, .06]))==pytest.approx(
        np.mean([planned_power(400, .5, effect) for effect in (.1, .06)]))
    few = planned_power(100, .01, .05, 2., heaviest=3.)
    assert few==pytest.approx(norm.cdf((.05-1.645*5.5**.5*3/100)/.001)), 'the unseen loss of the heaviest task'
    n = tasks_needed(.4, .05, .9, 2.4)
    assert planned_power(n, .4, .05, 2.4)>=.9>planned_power(n-1, .4, .05, 2.4)
    assert tasks_needed(.4, 0.)==tasks_needed(.4, -.1)==MAX_TASKS
    for power in (0, 1, 1.5):
        with pytest.raises(InputError, match='must lie between 0 and 1'): tasks_needed(.4, .05, power)


def test_possible_effects_are_a_normal_curve_cut_at_zero():
    drawn = np.random.default_rng(0).normal(.03, .02, 400_000)
    effects = possible_effects(.03, .02, 1000)
    assert (effects>0).all() and np.quantile(effects, [.1, .5, .9])==pytest.approx(
        np.quantile(drawn[drawn>0], [.1, .5, .9]), rel=.01)
    assert possible_effects(.03, 0.)==pytest.approx(np.full(40, .03)) and (possible_effects(0., .02)>0).all()
    assert tasks_needed(.4, possible_effects(.03, .02))>tasks_needed(.4, .03), 'uncertainty costs tasks'


def test_simulated_truths_are_true():
    truth = [-.01, -.03, -.02, -.04]
    for samples in (1, 5):
        gained, share = simulate_pairs(truth, 500, samples, 2000, seed=3)
        measured = (gained[..., None]*share).mean(0)
        assert (np.abs(measured.mean(0)-truth)<4*measured.std(0)/np.sqrt(2000)).all()
    with pytest.raises(InputError, match='too large to simulate'): simulate_pairs([-.5, .5])


@pytest.mark.parametrize('expected', [2, 5, 8, 12, 20, 40])
def test_few_losses_and_no_gain_are_no_licence(expected):
    "The skewest case: the small model never wins, and loses so many tasks of 200 that the truth lies at the margin."
    won = -(np.random.default_rng(4).random((200, 4000, 1))<expected/200).astype(float)
    low, _ = one_sided(gap_errors(won, np.ones((200, 4000))), norm.ppf(.95))
    assert (low>-expected/200).mean()<=.05


@pytest.mark.parametrize('effect,power', [(.05, .5), (.05, .8), (.1, .9)])
def test_planned_power_on_recorded_pairs(shipped, pairs, effect, power):
    for pair in pairs:
        paired = pair_tasks(shipped('outcomes'), pair)
        won = np.outer((paired.small_passed-paired.large_passed)/paired.large_tests.mean(), [.5, 1.])
        critical = gap_band(won, np.ones(len(won))).critical.in_turn
        checked = check_power(won, 1, effect, power, critical)
        assert abs(checked['planned']-power)<.03, (pair, checked)
        assert abs(checked['planned']-checked['empirical'])<=.05, (pair, checked)
