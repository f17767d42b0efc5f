"Thresholds: exact distributions against their definitions, certificates against brute force and known truths."
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest

from llmr.core import InputError
from llmr.problem import route
from llmr.runs import Pair
from llmr.certify import (
    advantage_interval, advantage_row, certificate_row, certify, check_certificates, harm_curve, harm_limit,
    labelled_tasks, loss_wealth, resampled_advantage, task_risk, tasks_to_certify)
from llmr.verdict import pair_tasks


def test_ninety_tasks_at_forty_percent():
    "Between about 30% and 51%: the 54th and 55th smallest of 90 scores, by the binomial tails that define them."
    low, high = advantage_interval(90, .4)
    assert (round(low, 2), round(high, 2))==(.3, .51)
    assert binom.sf(53, 90, 1-high)==pytest.approx(.025) and binom.sf(54, 90, 1-low)==pytest.approx(.975)


def test_a_percentile_that_is_one_of_the_scores():
    low, high = advantage_interval(101, .4)
    assert binom.sf(60, 101, 1-high)==pytest.approx(.025) and binom.sf(60, 101, 1-low)==pytest.approx(.975)
    assert advantage_interval(1, .4)==pytest.approx((.025, .975))


@pytest.mark.parametrize('n,target', [(90, .2), (90, .4), (30, .6), (250, .8)])
def test_resampled_shares_lie_in_the_exact_interval(n, target):
    shares = resampled_advantage(np.random.default_rng(1).random(590), n, target, 2000, seed=2)
    low, high = advantage_interval(n, target, 590-n)
    inside = np.mean((low<=shares) & (shares<=high))
    assert .945<=inside<=.985, inside
    assert np.quantile(shares, [.025, .975])==pytest.approx((low, high), abs=.02)


@pytest.mark.parametrize('arguments,message', [
    ((0, .4), 'at least one'), ((90, 1.2), 'must lie in'), ((90, -.1), 'must lie in'), ((90, .4, 0), 'at least one')])
def test_no_interval(arguments, message):
    with pytest.raises(InputError, match=message): advantage_interval(*arguments)


def test_harm_limits_are_those_of_clopper_and_pearson():
    for harmed,n,delta in ((0, 90, .1), (3, 90, .1), (17, 250, .05), (89, 90, .1)):
        limit = float(harm_limit(harmed, n, delta))
        assert binom.cdf(harmed, n, limit)==pytest.approx(delta)
        assert limit==pytest.approx(binomtest(harmed, n, alternative='less').proportion_ci(1-delta, 'exact').high)
    assert harm_limit([90], 90)==[1.]
    assert .95**tasks_to_certify(.05)<=.1<.95**(tasks_to_certify(.05)-1)


def test_the_wealth_is_that_of_bets_written_out():
    "Four gamblers, task by task; a task that is not sent loses nothing."
    lost, bound = np.array([0., 1/3, -1., 1., 0.]), .2
    least = (10**(1/5)-1)*.8/.2
    bets = np.geomspace(min(1.3*least, .9), .9, 4)
    for sent in range(1, 6):
        values = np.where(np.arange(5)<sent, lost, 0.)
        capital = np.mean([np.prod([1+bet*(bound-value)/(1-bound) for value in values]) for bet in bets])
        assert np.exp(loss_wealth(lost, bound))[sent-1]==pytest.approx(capital)


@pytest.mark.parametrize('bound,delta', [(.2, .1), (.05, .1), (.03, .05), (.01, .2)])
def test_the_fewest_tasks_for_a_bound_on_loss_are_just_enough(bound, delta):
    fewest = tasks_to_certify(bound, delta, 'loss')
    enough = [certify(np.zeros(n), np.zeros(n), bound, delta, 'loss').cost_advantage for n in (fewest-1, fewest)]
    assert enough==[0, 1]
    assert f'takes at least {fewest:,} tasks' in str(certify(np.zeros(5), np.zeros(5), bound, delta, 'loss'))


def test_a_gambler_seldom_wins_a_fair_bet():
    "Losses, gains and ties whose mean is the bound; rare large losses; and a mean well below it."
    rng = np.random.default_rng(0)
    draw = rng.random((2000, 200))
    ties = 1.*(draw<.15)-(draw>.95)
    rare, below = np.where(draw<.1, 1., 0.), np.where(draw>.8, -1., 0.)
    won = lambda worlds: np.mean([loss_wealth(lost, .1)[-1]>=np.log(10) for lost in worlds])
    assert won(ties)<=.1 and won(rare)<=.1 and won(below)>.9


def test_a_certificate_depends_on_no_order():
    rng = np.random.default_rng(0)
    scores, lost = rng.random(300), rng.choice([-1, 0, 0, 0, 1/3], 300)
    mixed = rng.permutation(300)
    first, second = (certify(scores[rows], lost[rows], .05, risk='loss') for rows in (np.arange(300), mixed))
    assert first==second and first.cost_advantage>.5
    assert str(certify(scores, np.r_[np.full(150, .1+.2), -np.full(150, .3)], .5, risk='loss')).endswith('+0.0%).')


@pytest.mark.parametrize('seed', range(5))
def test_certify_is_the_sequence_written_out(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 60, 200)/60
    harmed = (rng.random(200)<.3*(1-scores)).astype(float)
    tau = np.inf
    for cut in sorted(set(scores), reverse=True):
        seen = int(harmed[route(scores, cut)].sum())
        if binomtest(seen, 200, alternative='less').proportion_ci(.9, 'exact').high>.08: break
        tau = cut
    certificate, small = certify(scores, harmed, .08), route(scores, tau)
    assert certificate.tau==tau and certificate.cost_advantage==pytest.approx(small.mean())
    assert certificate.observed==pytest.approx((harmed*small).mean())


def test_a_bad_top_stops_the_sequence():
    scores = np.linspace(1, 0, 300)
    harmed = np.r_[np.ones(40), np.zeros(260)]
    assert certify(scores, harmed, .1).cost_advantage<.1, 'nothing after a threshold that failed is looked at'
    gains = np.r_[np.ones(40), -np.ones(260)]
    assert certify(scores, gains, .05, risk='loss').cost_advantage<.05, 'though the sum of all would be a gain'
    assert certify(scores, -gains, .05, risk='loss').cost_advantage>.1


def test_a_small_model_that_never_loses_gets_every_task_and_one_that_always_loses_none():
    scores = np.random.default_rng(0).random(200)
    for risk,best,worst in (('harm', np.zeros(200), np.ones(200)), ('loss', np.full(200, -.3), np.ones(200))):
        assert certify(scores, best, .05, risk=risk).cost_advantage==1
        refused = certify(scores, worst, .004, risk=risk)
        assert refused.tau==np.inf and not route(scores, refused.tau).any() and str(refused).startswith('REFUSED')
    assert 'takes at least 230 tasks' in str(certify(scores, np.zeros(200), .00999))


def test_the_bound_on_loss_is_an_average_over_tasks():
    "Thirty tasks of a hundred tests are lost, 300 of one test are not: 9% of a task on average, 91% of the tests."
    n_tests = [1]*300+[100]*30
    paired = pd.DataFrame(dict(small_passed=[1]*300+[0]*30, large_tests=n_tests, large_passed=n_tests))
    certificate = certify(np.zeros(330), task_risk(paired, 'loss'), .2, risk='loss')
    assert certificate.cost_advantage==1 and certificate.observed==pytest.approx(30/330)
    assert 'averaged over tasks' in str(certificate) and 'total pass rate' not in str(certificate)


@pytest.fixture(scope='module')
def run_tables():
    "Scores and outcomes of 60 validation and 60 test tasks, in no order; the small model fails where a score is low."
    rng, task_id = np.random.default_rng(7), np.random.default_rng(7).permutation(120)
    tasks = dict(task_id=task_id, split=np.where(task_id<60, 'validation', 'test'))
    scores = pd.DataFrame(dict(**tasks, pair='A-B', router='hint', score=rng.random(120)))
    solved = dict(A=(scores.score>.3).astype(int), B=1)
    outcomes = [pd.DataFrame(dict(**tasks, model=model, n_passed=passed)) for model,passed in solved.items()]
    return scores, pd.concat(outcomes, ignore_index=True).assign(sample=0, n_tests=1)


def test_labelled_tasks_belong_together(run_tables):
    scores, outcomes = run_tables
    ranked, paired = labelled_tasks(scores, outcomes, Pair('A', 'B'), ['validation', 'test'])
    assert paired.index.tolist()==[*range(60), *range(60, 120)]
    assert ranked.tolist()==scores.set_index('task_id').score[paired.index].tolist()
    assert (task_risk(paired)==(ranked<=.3)).all()


def test_a_certificate_of_a_run_is_looked_up_on_test(run_tables):
    scores, outcomes = run_tables
    promise = dict(alpha=.05, delta=.1, risk='harm')
    row = certificate_row(scores, outcomes, Pair('A', 'B'), promise, ['validation'])
    validation, test = (scores[scores.split==split].score.to_numpy() for split in ('validation', 'test'))
    assert row['tau']==certify(validation, validation<=.3, **promise).tau and row['certified_on']=='validation'
    assert row['test_cost_advantage']==(test>=row['tau']).mean()
    assert row['test_risk']==pytest.approx(((test>=row['tau']) & (test<=.3)).mean())
    both = certificate_row(scores, outcomes, Pair('A', 'B'), promise, ['validation', 'test'])
    assert both['tasks']==120 and np.isnan(both['test_risk']) and np.isnan(both['test_cost_advantage'])


def test_rows_and_curves_of_the_tables():
    scores = np.random.default_rng(8).random(300)
    row = advantage_row(scores[:90], scores[90:], .4, draws=50)
    assert (row['low'], row['high'])==advantage_interval(90, .4)
    assert (row['served_low'], row['served_high'])==advantage_interval(90, .4, 210)
    curve = harm_curve(np.array([.1, .9, .5, .7]), np.array([1., 0., 1., 0.]))
    assert curve.harm.tolist()==[0, 0, .25, .5] and curve.cost_advantage.tolist()==[.25, .5, .75, 1.]
    assert curve.limit.tolist()==harm_limit([0, 0, 1, 2], 4).tolist()


def test_invalid_certificates_are_rejected():
    for promise,message in ((dict(alpha=0), 'bound 0'), (dict(alpha=1.), 'bound 1.0'), (dict(delta=1), 'delta 1')):
        with pytest.raises(InputError, match=message): certify([.1, .2], [0, 0], **promise)
    for scores in ([], [np.nan, .2]):
        with pytest.raises(InputError, match='finite score'): certify(scores, [0]*len(scores))
    with pytest.raises(InputError, match="unknown risk 'regret'; choose from harm, loss"):
        task_risk(pd.DataFrame(), 'regret')


@pytest.mark.parametrize('risk,alpha,draws', [('harm', .05, 1000), ('loss', .03, 300)])
def test_promises_on_recorded_tasks(shipped, pairs, risk, alpha, draws):
    "Violations at most delta, with informative scores and with random ones."
    outcomes, rng = shipped('outcomes'), np.random.default_rng(0)
    for pair in pairs:
        risks = task_risk(pair_tasks(outcomes, pair), risk)
        for scores in (rng.normal(size=len(risks))-risks, None):
            for n in (90, 250):
                checked = check_certificates(scores, risks, n, dict(alpha=alpha, delta=.1, risk=risk), draws)
                assert checked['violations']<=.1, (pair, checked)
