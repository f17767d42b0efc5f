"""How often the verdict errs, and how many tasks it takes, in worlds whose truth is known.

`python benchmarks/verdict.py [--draws 1000]` prints three tables: wrong answers where every policy loses exactly the
margin; ROUTE where nothing is lost, beside the two-sided rule of an earlier version; and ROUTE after collecting what
NEED asked for. All answers come from `compare_policies` and `decide`, which answer users."""
import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd

from llmr.evaluation import TARGETS, calibrate_threshold
from llmr.planning import gap_errors, simulate_pairs
from llmr.verdict import compare_policies, count_votes, decide, routing_shares

MARGIN = .02
NOMINAL = .05


class Measured(NamedTuple):
    "One measurement of two models on N tasks."
    gained: np.ndarray               # (N,) small minus large, as a share of a task's tests
    share: np.ndarray                # (N, T) sent to the small model
    tests: np.ndarray | float = 1.   # Per task
    groups: np.ndarray | None = None # (N,) from 0


def answer(measured, margin=MARGIN, votes='task'):
    "The verdict on one measurement."
    tests = np.broadcast_to(measured.tests, len(measured.gained))
    paired = pd.DataFrame(dict(small_tests=tests, small_passed=measured.gained*tests, large_tests=tests,
                               large_passed=0.))
    points = compare_policies(count_votes(paired, votes), measured.share, 0, groups=measured.groups)
    return decide(points, margin)


def equal(n, samples=1, gap=-MARGIN):
    "Equal suites; the paper's pairs look like this."
    def draw(rng):
        gained, share = simulate_pairs([gap]*5, n, samples, 1, int(rng.integers(2**31)))
        return Measured(gained[:, 0], share[:, 0].astype(float))
    return draw


def uneven(n, votes):
    "Suites of 2 to 100 tests; the losses are in those of more than 70."
    sizes = np.arange(2, 101)
    weight = sizes if votes=='test' else np.ones(99)
    chance = (MARGIN+.05)*weight.sum()/weight[sizes>70].sum()
    def draw(rng):
        tests = rng.integers(2, 101, n)
        gained = (rng.random(n)<.05)*1.-((tests>70) & (rng.random(n)<chance))
        return Measured(gained, np.ones((n, 1)), tests)
    return draw


def heavy(n):
    "3% of the tasks have 60 tests, the others 3; only the heavy ones are lost."
    def draw(rng):
        tests = np.where(rng.random(n)<.03, 60, 3)
        return Measured(-1.*((tests==60) & (rng.random(n)<MARGIN/.03)), np.ones((n, 1)), tests)
    return draw


def repeated(n):
    "n prompts, each in the data one to ten times, with one and the same result."
    def draw(rng):
        groups = np.repeat(np.arange(n), rng.integers(1, 11, n))
        once = rng.choice([-1., 0., 1.], n, p=[.12+MARGIN/2, .76, .12-MARGIN/2])
        return Measured(once[groups], np.ones((len(groups), 1)), 1., groups)
    return draw


def ties(n):
    "All but 4% of the tasks are tied."
    chances = [.02+MARGIN/2, .96, .02-MARGIN/2]
    def draw(rng): return Measured(rng.choice([-1., 0., 1.], n, p=chances), np.ones((n, 1)))
    return draw


def calibrated(n):
    "Thresholds from 90 validation scores; all the loss is among the tenth with the highest scores."
    def draw(rng):
        taus = [calibrate_threshold(rng.random(90), target) for target in TARGETS]
        scores = rng.random(n)
        high = scores>.9
        lost = np.where(high, .25+5*MARGIN, .1)
        won = np.where(high, .25-5*MARGIN, .1)
        coin = rng.random(n)
        return Measured((coin<won)*1.-(coin>1-lost), routing_shares(scores, taus))
    return draw


AT_THE_MARGIN = { # name: (votes, world)
    **{f'equal suites, n={n}': ('task', equal(n)) for n in (50, 150, 500, 2000)},
    **{f'ten samples, n={n}': ('task', equal(n, 10)) for n in (150, 500, 2000)},
    **{f'2-100 tests, a vote a task, n={n}': ('task', uneven(n, 'task')) for n in (50, 150, 500, 2000)},
    **{f'2-100 tests, a vote a test, n={n}': ('test', uneven(n, 'test')) for n in (50, 150, 500, 2000)},
    **{f'3% hold 60 tests, n={n}': ('task', heavy(n)) for n in (150, 500, 2000)},
    **{f'1-10 repeats, {n} prompts': ('task', repeated(n)) for n in (50, 150, 500)},
    **{f'96% tied, n={n}': ('task', ties(n)) for n in (50, 150, 500, 2000)},
    **{f'thresholds from 90, n={n}': ('task', calibrated(n)) for n in (50, 150, 500, 2000)}}


def error_rates(draws, seed=0):
    "Share of measurements with a wrong ROUTE and a wrong DON'T, a row a world."
    rows = []
    for name,(votes, world) in AT_THE_MARGIN.items():
        rng = np.random.default_rng(seed)
        words = np.array([answer(world(rng), votes=votes).word for _ in range(draws)])
        rows.append(dict(world=name, wrong_route=(words=='ROUTE').mean(), wrong_dont=(words=="DON'T").mean()))
    return pd.DataFrame(rows)


def two_sided(measured, margin):
    "Whether the earlier rule routes: two-sided max-t over the tasks, four tasks added to the variance."
    won = measured.share*measured.gained[:, None]
    n, errors = len(won), gap_errors(won, np.ones(len(won)))
    apart = (won-errors.gap)/np.where(errors.error>0, errors.error*n, np.inf)
    drawn = np.random.default_rng(42).standard_normal((2000, n))@apart
    critical = max(np.quantile(np.abs(drawn).max(1), .95), 1.96)
    return bool((errors.gap-critical*np.sqrt(errors.error**2+4/n**2)>-margin).any())


def power(draws, sizes=(150, 300, 500, 1000), gap=0., margin=.04, seed=1):
    "Share of ROUTE where nothing is lost: the verdict on n and on 0.8·n tasks, and the earlier rule on n."
    rows = []
    for n in sizes:
        rng = np.random.default_rng(seed)
        routes = lambda size: np.mean([answer(equal(size, gap=gap)(rng), margin).word=='ROUTE' for _ in range(draws)])
        before = np.mean([two_sided(equal(n, gap=gap)(rng), margin) for _ in range(draws)])
        rows.append(dict(tasks=n, now=routes(n), now_with_80_percent=routes(int(.8*n)), before=before))
    return pd.DataFrame(rows)


def follow_up(draws, sizes=(100, 300), gaps=(0., -.01), margin=.03, seed=2):
    "Of the measurements that end in NEED, how many route once the tasks that it asks for are there."
    rows = []
    for n in sizes:
        for gap in gaps:
            rng, routed = np.random.default_rng(seed), []
            for _ in range(draws):
                first = equal(n, gap=gap)(rng)
                verdict = answer(first, margin)
                if verdict.word!='NEED' or verdict.row<0: continue
                second = equal(min(verdict.more, 50_000), gap=gap)(rng)
                both = Measured(*(np.concatenate(pair) for pair in zip(first[:2], second[:2])))
                routed.append(answer(both, margin).word=='ROUTE')
            rows.append(dict(tasks=n, true_gap=gap, margin=margin, asked=len(routed), routed=np.mean(routed)))
    return pd.DataFrame(rows)


def main():
    "Print the tables."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--draws', type=int, default=1000)
    draws = parser.parse_args().draws
    rates = error_rates(draws)
    print(f'Wrong answers at the margin, {draws} measurements each (nominal {NOMINAL:.0%} a side)')
    print(rates.round(3).to_string(index=False), flush=True)
    print('\nROUTE where nothing is lost, margin 4 points')
    print(power(draws).round(3).to_string(index=False), flush=True)
    print('\nROUTE after collecting what NEED asked for')
    print(follow_up(max(draws//5, 20)).round(3).to_string(index=False))


if __name__=='__main__': main()
