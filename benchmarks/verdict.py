"""How often verdicts, certificates and alarms err, and how many tasks they take, in worlds whose truth is known.

`python benchmarks/verdict.py [errors power needs looks certificates drift] [--draws 1000]` prints a table for each part
that is named, or all of them:

errors        wrong answers where every policy loses exactly the margin
power         ROUTE where nothing is lost, beside the two-sided rule of an earlier version
needs         ROUTE after collecting what NEED asked for, and wrong ROUTE if the tasks are then judged together
looks         wrong answers of a plan of looks at the margin, and the tasks that it takes
certificates  violations on fresh tasks of routers trained on few, and shares inside their printed intervals
drift         false alarms, and alarms when traffic changes from MBPP to HumanEval (needs LLMR_DATA)

Measurements are judged a hundred at a time by the parts of `compare_policies`; the first ones of each world are also
judged by `compare_policies` and `decide` themselves, which must say the same."""
import argparse
import gzip
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from llmr.certify import tasks_to_certify
from llmr.drift import conformal_ranks, drift_wealth
from llmr.estimators import fit_estimator
from llmr.evaluation import TARGETS, calibrate_threshold
from llmr.features import prompt_views
from llmr.planning import critical_values, gap_errors, one_sided, simulate_pairs
from llmr.runs import Pair
from llmr.sequential import spent_levels
from llmr.training import certify_tasks, hold_out_tasks, share_row
from llmr.verdict import compare_policies, count_votes, decide, routing_shares

MARGIN = .02
NOMINAL = .05
READS = ('prompt', 'sentence', 'hand') # Views of the estimator that drift is watched through
CHECKED = 3 # Measurements of each world that the whole verdict judges too


class Measured(NamedTuple):
    "One measurement of two models on N tasks."
    gained: np.ndarray               # (N,) small minus large, as a share of a task's tests
    share: np.ndarray                # (N, T) sent to the small model
    tests: np.ndarray | float = 1.   # Per task
    groups: np.ndarray | None = None # (N,) from 0


def answer(measured, margin=MARGIN, votes='task', level=.95):
    "The verdict on one measurement."
    tests = np.broadcast_to(measured.tests, len(measured.gained))
    paired = pd.DataFrame(dict(small_tests=tests, small_passed=measured.gained*tests, large_tests=tests,
                               large_passed=0.))
    points = compare_policies(count_votes(paired, votes), measured.share, 0, level=level, groups=measured.groups)
    return decide(points, margin)


def by_group(measured, votes):
    "`(won (G, T), weight (G,), least share sent)` of one measurement, summed over each group."
    weight = np.broadcast_to(measured.tests if votes=='test' else 1., len(measured.gained))
    won, enough = measured.share*(measured.gained*weight)[:, None], measured.share.mean(0)>=.1
    if measured.groups is not None:
        won = np.column_stack([np.bincount(measured.groups, column) for column in won.T])
        weight = np.bincount(measured.groups, weight)
    return won, weight, enough


def words(measurements, margin=MARGIN, votes='task', level=.95):
    "`(routed, refused)`, a bool a measurement; all have as many tasks, or groups of them."
    routed, refused = [], []
    for start in range(0, len(measurements), 100):
        won, weight, enough = map(np.array, zip(*(by_group(one, votes) for one in measurements[start:start+100])))
        won, weight = won.transpose(1, 0, 2), weight.T
        errors = gap_errors(won, weight)
        apart = won-errors.gap*weight[..., None]
        critical = np.array([critical_values(apart[:, s], level) for s in range(won.shape[1])])
        most = np.array([one.share.max(0) for one in measurements[start:start+100]])
        ends = [one_sided(errors, critical[:, [i]], -ndtri(1-level), most) for i in range(3)]
        (in_turn, _), (at_once, _), (_, high) = ends
        passed = np.logical_and.accumulate((in_turn>-margin) | ~enough, 1) | (at_once>-margin)
        routed += (passed & enough).any(1).tolist()
        refused += ((high<-margin) | ~enough).all(1).tolist()
    for i,one in enumerate(measurements[:CHECKED]):
        word = answer(one, margin, votes, level).word
        assert (word=='ROUTE')==routed[i] and (word=="DON'T")==(refused[i] and not routed[i]), (i, word)
    return np.array(routed), np.array(refused)


def equal(n, samples=1, gap=-MARGIN):
    "Equal suites; the paper's pairs look like this."
    def draw(rng):
        gained, share = simulate_pairs([gap]*5, n, samples, 1, int(rng.integers(2**31)))
        return Measured(gained[:, 0], share[:, 0].astype(float))
    return draw


def uneven(n, votes, gap=-MARGIN):
    "Suites of 2 to 100 tests; the losses are in those of more than 70."
    sizes = np.arange(2, 101)
    weight = sizes if votes=='test' else np.ones(99)
    chance = (.05-gap)*weight.sum()/weight[sizes>70].sum()
    def draw(rng):
        tests = rng.integers(2, 101, n)
        gained = (rng.random(n)<.05)*1.-((tests>70) & (rng.random(n)<chance))
        return Measured(gained, np.ones((n, 1)), tests)
    return draw


def heavy(n, votes):
    "3% of the tasks have 60 tests, the others 3; only the heavy ones are lost."
    share = .03*60/(.03*60+.97*3) if votes=='test' else .03
    def draw(rng):
        tests = np.where(rng.random(n)<.03, 60, 3)
        return Measured(-1.*((tests==60) & (rng.random(n)<MARGIN/share)), np.ones((n, 1)), tests)
    return draw


def repeated(n, gap=-MARGIN):
    "n prompts, each in the data one to ten times, with one and the same result."
    def draw(rng):
        groups = np.repeat(np.arange(n), rng.integers(1, 11, n))
        once = rng.choice([-1., 0., 1.], n, p=[.12-gap/2, .76, .12+gap/2])
        return Measured(once[groups], np.ones((len(groups), 1)), 1., groups)
    return draw


def ties(n, gap=-MARGIN):
    "All but 4% of the tasks are tied."
    chances = [.02-gap/2, .96, .02+gap/2]
    def draw(rng): return Measured(rng.choice([-1., 0., 1.], n, p=chances), np.ones((n, 1)))
    return draw


def calibrated(n, gap=-MARGIN):
    "Thresholds from 90 validation scores; all the loss is among the tenth with the highest scores."
    def draw(rng):
        taus = [calibrate_threshold(rng.random(90), target) for target in TARGETS]
        scores = rng.random(n)
        high = scores>.9
        lost = np.where(high, .25-5*gap, .1)
        won = np.where(high, .25+5*gap, .1)
        coin = rng.random(n)
        return Measured((coin<won)*1.-(coin>1-lost), routing_shares(scores, taus))
    return draw


def rare(n, often=.01):
    "Few tasks differ; five policies send more and more of them, and all the loss is in the first fifth."
    def draw(rng):
        band, coin = rng.integers(0, 5, n), rng.random(n)
        gained = 1.*(coin>1-often)-(coin<often+5*MARGIN*(band==0))
        return Measured(gained, (band[:, None]<=np.arange(5)).astype(float))
    return draw


AT_THE_MARGIN = { # name: (votes, world)
    **{f'equal suites, n={n}': ('task', equal(n)) for n in (50, 150, 500, 2000)},
    **{f'ten samples, n={n}': ('task', equal(n, 10)) for n in (50, 150, 500, 2000)},
    **{f'2-100 tests, a vote a task, n={n}': ('task', uneven(n, 'task')) for n in (50, 150, 500, 2000)},
    **{f'2-100 tests, a vote a test, n={n}': ('test', uneven(n, 'test')) for n in (50, 150, 500, 2000)},
    **{f'3% hold 60 tests, n={n}': ('task', heavy(n, 'task')) for n in (150, 500, 2000)},
    **{f'3% hold 60 tests, a vote a test, n={n}': ('test', heavy(n, 'test')) for n in (150, 500, 2000)},
    **{f'1-10 repeats, {n} prompts': ('task', repeated(n)) for n in (50, 150, 500, 2000)},
    **{f'96% tied, n={n}': ('task', ties(n)) for n in (50, 150, 500, 2000)},
    **{f'few differ, five policies, n={n}': ('task', rare(n)) for n in (50, 150, 500, 2000)},
    **{f'thresholds from 90, n={n}': ('task', calibrated(n)) for n in (50, 150, 500, 2000)}}


def error_rates(draws, seed=0, only=''):
    "Share of measurements with a wrong ROUTE and a wrong DON'T, a row a world."
    for name,(votes, world) in AT_THE_MARGIN.items():
        if only not in name: continue
        rng = np.random.default_rng(seed)
        found = [words([world(rng) for _ in range(min(100, draws-done))], votes=votes) for done in range(0, draws, 100)]
        routed, refused = map(np.concatenate, zip(*found))
        yield dict(world=name, wrong_route=routed.mean(), wrong_dont=refused.mean(),
                   standard_error=np.sqrt(NOMINAL*(1-NOMINAL)/draws))


def two_sided(measurements, margin, votes='task'):
    "Whether an earlier rule routes: two-sided max-t over the groups, four of them added to the variance."
    routed = []
    for one in measurements:
        won, weight, enough = by_group(one, votes)
        n, errors = len(won), gap_errors(won, weight)
        apart = won-errors.gap*weight[:, None]
        scaled = apart/np.where(errors.error>0, np.sqrt(np.square(apart).sum(0)), np.inf)
        values, vectors = np.linalg.eigh(scaled.T@scaled)
        drawn = np.random.default_rng(42).standard_normal((2000, won.shape[1]))
        drawn = drawn@(vectors*np.sqrt(np.maximum(values, 0))).T
        critical = max(np.quantile(np.abs(drawn).max(1), .95), 1.96)
        routed.append(((errors.gap-critical*np.sqrt(errors.error**2+4/n**2)>-margin) & enough).any())
    return np.array(routed)


ORDINARY = {'equal suites': lambda n: equal(n, gap=0.), 'ten samples': lambda n: equal(n, 10, 0.),
            '2-100 tests': lambda n: uneven(n, 'task', 0.), '1-10 repeats': lambda n: repeated(n, 0.),
            '96% tied': lambda n: ties(n, 0.), 'thresholds from 90': lambda n: calibrated(n, 0.)}


def power(draws, sizes=(150, 300, 600), margin=.04, seed=1):
    "Share of ROUTE where nothing is lost: the verdict on n and on 0.8·n tasks, and the earlier rule on n."
    for name,world in ORDINARY.items():
        for n in sizes:
            rng = np.random.default_rng(seed)
            whole, fewer = ([world(size)(rng) for _ in range(draws)] for size in (n, int(.8*n)))
            yield dict(world=name, tasks=n, before=two_sided(whole, margin).mean(),
                       now=words(whole, margin)[0].mean(), now_with_80_percent=words(fewer, margin)[0].mean())


def joined(first, second):
    "Two measurements as one."
    return Measured(*(np.concatenate(pair) for pair in zip(first[:2], second[:2])))


def needs(draws, sizes=(100, 300), gaps=(0., -.01, -.03), margin=.03, seed=2):
    "Of the measurements that end in NEED, how many route once the tasks that it asks for are there: all, or new alone."
    for n in sizes:
        for gap in gaps:
            rng, both, new = np.random.default_rng(seed), [], []
            for _ in range(draws):
                first = equal(n, gap=gap)(rng)
                verdict = answer(first, margin)
                if verdict.word!='NEED' or verdict.row<0: continue
                second = equal(min(verdict.more, 20_000), gap=gap)(rng)
                both.append(words([joined(first, second)], margin)[0][0])
                new.append(words([second], margin)[0][0])
            yield dict(tasks=n, true_gap=gap, margin=margin, asked=len(both), routed_all=np.mean(both),
                       routed_new_alone=np.mean(new))


def looks(draws, planned=800, counts=(1, 2, 4), seed=3):
    "A plan of looks where every policy loses the margin, and where nothing is lost; tasks up to the answer."
    for gap,count in ((gap, count) for gap in (-.04, 0.) for count in counts):
        sizes = [planned*(i+1)//count for i in range(count)]
        rng, levels = np.random.default_rng(seed), spent_levels(sizes, planned, NOMINAL)
        worlds = [equal(planned, gap=gap)(rng) for _ in range(draws)]
        routed, tasks = np.zeros(draws, bool), np.full(draws, planned)
        for size,level in zip(sizes, levels):
            part = words([Measured(one.gained[:size], one.share[:size]) for one in worlds], .04, level=1-level)[0]
            tasks[part & ~routed] = size
            routed |= part
        yield dict(true_gap=gap, margin=.04, looks=count, routed=routed.mean(), mean_tasks=tasks.mean())


def drawn_world(rng, n):
    "`(x (n, 2), chance that the small model solves each task, the same of the large one)`."
    x = rng.normal(size=(n, 2))
    return x, 1/(1+np.exp(-1.5*x[:, 0]-.5*x[:, 1])), np.full(n, .8)


def trained_once(n, seed, promise):
    "`(violated, certified, shares inside)` of one router, trained on n tasks, on fresh ones."
    rng = np.random.default_rng(seed)
    x, small, large = drawn_world(rng, n)
    passed = dict(A=rng.random(n)<small, B=rng.random(n)<large)
    outcomes = pd.concat([pd.DataFrame(dict(task_id=range(n), split='train', model=model, sample=0, n_tests=1,
                                            n_passed=solved.astype(int))) for model,solved in passed.items()])
    tasks = pd.DataFrame(dict(task_id=range(n), split='train'))
    fewest = tasks_to_certify(promise['alpha'], risk=promise['risk'])
    held = hold_out_tasks(tasks, None, fewest=fewest, seed=seed)
    learned = {name: solved[~held].astype(float)[:, None] for name,solved in passed.items()}
    fitted = fit_estimator('ridge', dict(prompt=x[~held]), learned['A'], learned['B'])
    scores = pd.Series(fitted.score(dict(prompt=x[held])), tasks.task_id[held])
    fresh, small, large = drawn_world(rng, 20_000)
    new = fitted.score(dict(prompt=fresh))
    rows = [share_row(scores.to_numpy(), share) for share in TARGETS]
    inside = [row['low']<=(new>=row['tau']).mean()<=row['high'] for row in rows]
    certificate = certify_tasks(outcomes, Pair('A', 'B'), scores, promise)
    lost = large*(1-small) if promise['risk']=='harm' else large-small
    return (lost*(new>=certificate.tau)).mean()>promise['alpha'], np.isfinite(certificate.tau), inside


def certificates(draws, delta=.1):
    "Certificates of trained routers on fresh tasks."
    for n in (150, 400):
        for risk,alpha in (('harm', .1), ('loss', .1)):
            found = [trained_once(n, seed, dict(alpha=alpha, delta=delta, risk=risk)) for seed in range(draws)]
            violated, had, inside = (np.mean([draw[i] for draw in found], 0) for i in range(3))
            yield dict(tasks=n, risk=risk, alpha=alpha, delta=delta, certified=had, violated=violated,
                       fewest_shares_inside_95=inside.min())


def recorded(folder, name, models):
    "`(prompts, (N, 2) pass rates)` of two models on the tasks of one extract."
    read = lambda kind: [json.loads(line) for line in gzip.open(folder/f'extracts/{name}.{kind}.jsonl.gz', 'rt')]
    rates = pd.DataFrame(read('outcomes')).assign(passed=lambda rows: rows.passed.astype(float))
    rates = rates.pivot_table(index='task_id', columns='model', values='passed')[list(models)].dropna()
    prompts = {task['task_id']: task.get('text') or task['prompt'] for task in read('tasks')}
    return [prompts[task] for task in rates.index], rates.to_numpy()


def alarm(calibration, traffic, seed, error=.05):
    "Position of the first alarm by any of the numbers, as `find_drift` sounds it; none is infinite."
    needed = np.log(len(calibration)/error)
    reached = [np.flatnonzero(drift_wealth(conformal_ranks(calibration[name], traffic[name], seed))>=needed)
               for name in calibration]
    return min((found[0] for found in reached if len(found)), default=np.inf)


def drift(draws, seed=4):
    "Alarms of scores and gaps: MBPP traffic that stays MBPP, and that turns into HumanEval."
    folder = Path(os.environ.get('LLMR_DATA', ''))
    if not (folder/'extracts').is_dir(): return print('left out: LLMR_DATA names no folder with extracts/')
    data = [recorded(folder, 'mbpp500_ldb_3models', ('codellama', 'gpt-3.5-turbo-0613')),
            recorded(folder, 'humaneval_3x10', ('codellama-34b-instruct', 'gpt-3.5-turbo'))]
    views = [(prompt_views(prompts, 'hashing', READS), rates) for prompts,rates in data]
    (own, own_rates), (other, other_rates) = views
    rng, false, true, delays = np.random.default_rng(seed), [], [], []
    for draw in range(draws):
        learn, calibrate, traffic = np.split(rng.permutation(len(own_rates)), [250, 400])
        new, of = rng.permutation(len(other_rates)), lambda views, rows: {name: views[name][rows] for name in READS}
        fitted = fit_estimator('stack', of(own, learn), *own_rates[learn].T[..., None])
        numbers = lambda views, rates, rows: dict(score=fitted.score(of(views, rows)), gap=rates[rows]@[1, -1])
        before, same = (numbers(own, own_rates, rows) for rows in (calibrate, traffic))
        changed = numbers(other, other_rates, new)
        false.append(np.isfinite(alarm(before, same, draw)))
        at = alarm(before, {name: np.r_[same[name][:50], changed[name]] for name in before}, draw)
        true.append(50<=at<250)
        delays.append(at-50)
    yield dict(traffic='MBPP stays MBPP, 100 tasks', alarms=np.mean(false), median_delay=np.nan)
    yield dict(traffic='50 of MBPP, then HumanEval: within 200', alarms=np.mean(true), median_delay=np.median(delays))


TITLES = dict(
    errors=f'Wrong answers at the margin (nominal {NOMINAL:.0%} a side)', power='ROUTE where nothing is lost, margin 4',
    needs='ROUTE after collecting what NEED asked for (80% promised on average); wrong where the gap is the margin',
    looks='A plan of looks at the margin (wrong) and where nothing is lost',
    certificates='Certificates and shares of trained routers on fresh tasks', drift='Alarms')
PARTS = dict(errors=error_rates, power=power, needs=needs, looks=looks, certificates=certificates, drift=drift)


def main():
    "Print the tables."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', metavar='PART', help=f'any of {", ".join(PARTS)} (default: all)')
    parser.add_argument('--draws', type=int, default=1000, metavar='N', help='measurements of each world')
    parser.add_argument('--only', default='', metavar='TEXT', help='for errors: worlds whose name has this text')
    args = parser.parse_args()
    for part in args.parts or PARTS:
        if part not in PARTS: parser.error(f'unknown part {part!r}; choose from {", ".join(PARTS)}')
        options = dict(only=args.only) if part=='errors' else {}
        print(f'\n{TITLES[part]}; {args.draws} draws each')
        for i,row in enumerate(PARTS[part](args.draws, **options) or ()):
            line = pd.DataFrame([row]).round(4).to_csv(index=False, header=not i)
            print(line.strip(), flush=True)


if __name__=='__main__': main()
