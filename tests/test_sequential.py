"Answers that hold at every look: against definitions, another implementation, simulated truths, published tables."
import time

import numpy as np
import pytest
from scipy.stats import norm

from llmr.core import InputError
from llmr.sequential import (
    BETS, Answer, answer, compare_designs, gap_interval, log_wealth, plan_looks, planned_answer, sequential_points,
    simulate_gaps, spent_levels, tasks_to_answer, wealth_rows)

LIMIT = np.log(40)


@pytest.fixture(scope='module')
def gained():
    rng = np.random.default_rng(5)
    return np.round(rng.uniform(-1, 1, 150), 2)


def hedged_capital(outcomes, mean, above):
    "Mean capital of constant bets on outcomes in [0, 1], written out one task at a time."
    capital, paths = np.ones(len(BETS)), []
    for outcome in outcomes:
        room = mean if above else 1-mean
        won = (outcome-mean if above else mean-outcome)/room
        capital = capital*(1+np.array(BETS)*won)
        paths.append(capital.mean())
    return np.array(paths)


@pytest.mark.parametrize('above', [True, False])
@pytest.mark.parametrize('mean', [-.4, 0., .3])
def test_wealth_is_the_capital_of_constant_bets(gained, mean, above):
    expected = hedged_capital((gained+1)/2, (mean+1)/2, above)
    assert np.exp(log_wealth(gained, mean, above=above))==pytest.approx(expected)


def test_the_interval_is_that_of_a_grid_of_means(gained):
    "Every mean of a fine grid is tested by itself."
    gained = gained[:60]
    def is_kept(mean): return all(hedged_capital((gained+1)/2, (mean+1)/2, side)[-1]<40 for side in (True, False))
    kept = [mean for mean in np.linspace(-.8, .8, 321) if is_kept(mean)]
    assert gap_interval(gained)==pytest.approx((kept[0], kept[-1]), abs=5e-3)


def test_wealth_and_interval_agree_with_confseq(gained, monkeypatch):
    monkeypatch.setattr(np, 'float_', np.float64, raising=False) # confseq's last release is older than numpy 2
    betting = pytest.importorskip('confseq.betting', reason='confseq is not installed')
    outcomes, gained = (gained[:60]+1)/2, gained[:60]
    bets = [lambda x, m, bet=bet: np.full(len(x), bet/m) for bet in BETS]
    other = [lambda x, m, bet=bet: np.full(len(x), bet/(1-m)) for bet in BETS]
    options = dict(trunc_scale=1, convex_comb=False, theta=.5)
    low, high = betting.betting_cs(outcomes, bets, other, alpha=.05, breaks=200, **options)
    assert gap_interval(gained)==pytest.approx((2*low[-1]-1, 2*high[-1]-1), abs=.02)
    for mean in (.3, .6):
        capital = np.mean([betting.betting_mart(outcomes, mean, lambdas_fn_positive=bet, lambdas_fn_negative=bet,
                                                theta=1, trunc_scale=1) for bet in bets], 0)
        assert np.exp(log_wealth(gained, 2*mean-1))==pytest.approx(capital)


def test_weights_are_thinner_bets(gained):
    weights = np.random.default_rng(0).uniform(.1, 1, len(gained))
    expected = np.mean([np.cumprod(1+bet*weights*(gained+.1)/.9) for bet in BETS], 0)
    assert np.exp(log_wealth(weights*gained, -.1, weights))==pytest.approx(expected)


def test_wealth_too_large_for_a_float(gained):
    "Products overflow after some thousand wins; the logarithms go on as they began."
    won, lost = log_wealth(np.ones(4000), -.5), log_wealth(-np.ones(40_000)/2, -.5+1e-9)
    assert np.isfinite(won).all() and won[-1]-won[-2]==pytest.approx(np.log1p(.9*3), rel=1e-6)
    assert np.isfinite(lost).all()


def test_order_between_looks_cannot_matter(gained):
    mixed = np.sort(gained)
    assert log_wealth(mixed, -.05)[-1]==pytest.approx(log_wealth(gained, -.05)[-1])
    assert gap_interval(mixed)==pytest.approx(gap_interval(gained))


@pytest.mark.parametrize('discordant,seed', [(.25, 3), (.05, 4)])
def test_wrong_answers_over_12000_looks(discordant, seed):
    "At the margin, with a look after every task, 2.5 of 100 worlds may be wrong on each side; 3 more for chance."
    times = tasks_to_answer(simulate_gaps(-.01, discordant, 12_000, 100, seed))
    assert (times.route>0).sum()<=5 and (times.dont>0).sum()<=5


@pytest.mark.full
def test_wrong_answers_over_12000_looks_at_length():
    wrong = [(tasks_to_answer(simulate_gaps(-.01, .25, 12_000, 500, seed))>0).mean() for seed in range(8)]
    assert max(np.mean(wrong, 0))<=.025


def test_sampled_traffic_is_judged_as_all_of_it():
    "Tasks that the small model loses are judged ten times as often: the plain mean is wrong, the weighted is not."
    rng, wrong, covered = np.random.default_rng(1), 0, 0
    for _ in range(80):
        gaps = rng.choice([-1, 0, 1], 3000, p=[.13, .75, .12]) # true gap -1 point, the margin
        chance = np.where(gaps>0, .05, .5)
        judged = rng.random(3000)<chance
        weights = .05/chance[judged]
        low, high = gap_interval(weights*gaps[judged], weights)
        covered += low<=-.01<=high
        wrong += log_wealth(weights*gaps[judged], -.01, weights)[-1]>=LIMIT
    assert wrong<=4 and covered>=74
    assert gap_interval(gaps[judged].astype(float))[1]<-.01, 'unweighted, the same tasks look worse'


def points_of(gap, n=2000, margin=.02, looks=None, k=1):
    world = simulate_gaps(gap, n_tasks=n, n_simulations=1, seed=1)[0].astype(float)
    sent = np.ones((n, k))
    return sequential_points(sent*world[:, None], sent, np.ones(n), looks or [n], margin)


@pytest.mark.parametrize('gap,word', [(.08, 'ROUTE'), (-.02, 'CONTINUE'), (-.15, "DON'T")])
def test_the_three_answers(gap, word): assert answer(points_of(gap)).word==word


def test_several_points_need_more_wealth():
    one, ten = points_of(.08), points_of(.08, k=10)
    assert ten.needed_for[0]-one.needed_for[0]==pytest.approx(np.log(10)) and ten.log_for[0]==one.log_for[0]
    assert ten.low[0]<one.low[0] and ten.high[0]==one.high[0]


def test_what_was_reached_at_a_look_stays_reached_and_a_contradiction_withdraws():
    world = np.concatenate([np.ones(60), -np.ones(40), np.zeros(50)])[:, None]
    def at(n, looks): return answer(sequential_points(world[:n], np.ones((n, 1)), np.ones(n), looks, .02))
    assert at(60, [60]).word=='ROUTE' and at(150, [60, 150]).word=='ROUTE'
    assert at(150, [150]).word=='CONTINUE' or at(150, [150]).word=='ROUTE'
    fallen = np.concatenate([np.ones(60), -np.ones(300)])[:, None]
    found = answer(sequential_points(fallen, np.ones((360, 1)), np.ones(360), [60, 360], .02))
    assert found==Answer('CONTINUE', more=found.more, withdrawn=True)


def test_least_share_leaves_points_out():
    world = np.full((500, 2), .5)*[1, -1]
    sent = np.column_stack([np.full(500, .05), np.ones(500)])
    points = sequential_points(world*sent, sent, np.ones(500), [500], .02)
    assert answer(points, .1).word=="DON'T" and answer(points, .05).cost_advantage==pytest.approx(.05)


def test_nothing_yet():
    points = sequential_points(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), [], .01)
    assert answer(points).word=='CONTINUE' and (points.low==-1).all() and (points.high==1).all()
    assert gap_interval([])==(-1., 1.)


@pytest.mark.parametrize('value', [-1., 0., 1.])
def test_tasks_that_are_all_alike(value):
    low, high = gap_interval(np.full(3000, value))
    assert low<=value<=high and high-low<.02


def test_groups_ahead_are_those_that_are_needed():
    "Appending that many groups like those so far gives the answer, and fewer do not."
    world = np.tile([1., 0, 0, 0, -1, 1, 0, 0, 0, 0], 6)[:, None]
    more = int(sequential_points(world, np.ones_like(world), np.ones(60), [60], .02).more_for[0])
    def shown(n):
        longer = np.tile(world[:, 0], n//60+1)[:n]
        return log_wealth(longer, -.02)[-1]>=LIMIT
    assert shown(60+(more//10+1)*10) and not shown(60+(more//10-1)*10)


def test_12000_looks_are_fast():
    world = simulate_gaps(.01, n_simulations=1)[0].astype(float)
    start, ones = time.process_time(), np.ones((12_000, 5))
    sequential_points(ones*world[:, None], ones, ones[:, 0], np.arange(1, 12_001), .01)
    assert time.process_time()-start<3


@pytest.fixture(scope='module')
def single(): return plan_looks(.01, .5, 1)


@pytest.mark.parametrize('looks,last,inflation', [
    (1, 1.960, 1.), (2, 1.977, 1.008), (3, 2.004, 1.017), (4, 2.024, 1.024), (5, 2.040, 1.028)])
def test_plans_are_those_of_the_tables(looks, last, inflation, single):
    "Jennison and Turnbull 2000, tables 2.3 and 2.4: two-sided 5%, power 80%."
    plan = plan_looks(.01, .5, looks)
    assert plan.critical.iloc[-1]==pytest.approx(last, abs=1e-3)
    assert plan.tasks.iloc[-1]/single.tasks.iloc[-1]==pytest.approx(inflation, abs=2e-3)
    assert single.tasks[0]==pytest.approx((1.95996+.84162)**2*2500, rel=1e-3)


def test_a_plan_keeps_its_promise():
    plan, rng = plan_looks(.1, .5, 4), np.random.default_rng(0)
    for effect,expected in ((0, .025), (.1, .8)):
        sums = np.cumsum(rng.normal(effect, .5, (4000, plan.tasks.iloc[-1])), 1)[:, plan.tasks-1]
        z = sums/(.5*np.sqrt(plan.tasks.to_numpy()))
        assert (z>=plan.critical.to_numpy()).any(1).mean()==pytest.approx(expected, abs=.02)


def test_planned_looks_keep_their_errors():
    plan, wrong = plan_looks(.1, .5, 3), []
    worlds = simulate_gaps(-.01, .25, plan.tasks.iloc[-1], 800, 3)
    for world in worlds:
        answers = {planned_answer(world[:n], z) for n,z in zip(plan.tasks, plan.critical)}
        wrong.append(['ROUTE' in answers, "DON'T" in answers])
    assert (np.mean(wrong, 0)<=.04).all()
    assert planned_answer(np.zeros(50), 2.)=='CONTINUE' and planned_answer(np.zeros(1000), 2.)=='ROUTE'
    with pytest.raises(InputError, match='at least 2'): planned_answer([0.], 2.)


@pytest.mark.parametrize('given,message', [
    (dict(looks=0), '0 looks'), (dict(looks=2.5), '2.5 looks'), (dict(effect=0), 'effect 0'), (dict(sd=-1), 'sd -1'),
    (dict(power=1), 'power 1'), (dict(error=.6), 'error 0.6')])
def test_plans_that_cannot_be(given, message):
    with pytest.raises(InputError, match=message): plan_looks(**dict(effect=.05, sd=.5) | given)


def test_designs_are_compared_on_known_worlds():
    designs = compare_designs((.08, .2), n_simulations=20, n_tasks=1200)
    assert (designs.group_sequential_mean<designs.fixed).all() and (designs.answered==1).all()
    assert designs.watch_mean.is_monotonic_decreasing and (designs.watch_mean<2*designs.fixed).all()
    with pytest.raises(InputError, match='cannot be larger'): simulate_gaps(.5, .25)


def test_rows_of_the_picture_agree_with_the_points():
    world = simulate_gaps(.05, n_tasks=600, n_simulations=1, seed=3)[0]
    rows = wealth_rows(world, [200, 600], .02, errors=(.025, .9*.025)) # a tenth is for points of too small a share
    points = sequential_points(world[:, None], np.ones((600, 1)), np.ones(600), [200, 600], .02)
    assert rows.low.iloc[-1]==pytest.approx(points.low[0]) and rows.high.iloc[-1]==pytest.approx(points.high[0])
    assert rows.log_for.max()==pytest.approx(points.log_for[0])


@pytest.mark.parametrize('sizes,planned', [([800], 800), ([200, 400, 600, 800], 800), ([90, 410, 423, 900], 800)])
def test_levels_of_looks_as_they_come_add_up_to_the_error(sizes, planned):
    "Brownian paths at the looks: as many cross as the error allows; whatever the numbers were."
    levels, rng = spent_levels(sizes, planned), np.random.default_rng(0)
    steps = rng.normal(size=(60_000, len(sizes)))*np.sqrt(np.diff(sizes, prepend=0))
    z = np.cumsum(steps, 1)/np.sqrt(sizes)
    crossed = (z>=norm.isf(levels)).any(1).mean()
    assert crossed==pytest.approx(.05, abs=.003)
    assert levels[0]==pytest.approx(min(2*norm.sf(norm.isf(.025)/min(sizes[0]/planned, 1)**.5), .05), rel=1e-6)


def test_nothing_is_left_after_the_last_planned_task_and_early_looks_get_next_to_nothing():
    assert spent_levels([800, 1600], 800)[1]<=1e-9 and spent_levels([8, 800], 800)[0]<=1e-8
    for tasks in ([], [0], [5, 5], [9, 3]):
        with pytest.raises(InputError, match='each look needs more'): spent_levels(tasks, 800)


def test_a_share_that_may_be_worth_having_is_not_refused():
    "A point that loses nothing sends 7 of 100 groups so far; DON'T waits until so many are shown to be too few."
    def asked(n, min_share=.1):
        sent = np.column_stack([np.arange(n)%100<7, np.ones(n)]).astype(float)
        gained = np.column_stack([np.zeros(n), np.full(n, -1.)])
        points = sequential_points(gained, sent, np.ones(n), np.arange(1, n+1))
        return points.share_high[0], answer(points, min_share).word
    assert asked(100)[0]>.1 and asked(100)[1]=='CONTINUE'
    assert .07<asked(4000)[0]<.1 and asked(4000)[1]=="DON'T"
    assert asked(4000, .05)[1]=='ROUTE'


def test_a_share_is_excluded_wrongly_at_most_in_its_part_of_the_error():
    rng = np.random.default_rng(0)
    nothing, ones = np.zeros((400, 1)), np.ones(400)
    ends = [sequential_points(nothing, 1.*(rng.random((400, 1))<.2), ones, [400], error=.5).share_high[0]
            for _ in range(200)]
    assert np.mean(np.array(ends)<.2)<.05+.04 # a tenth of one half
