"The guarded router: the better constant where nothing can be learned, more where something can; grouped folds."
import numpy as np
import pandas as pd
import pytest

from llmr.analysis import score_bands
from llmr.attainable import nine_of_ten_gain
from llmr.cascade import _weights, cascade_row, apply_gates, prompt_scores, small_pass_scores
from llmr.claims import all_small_gap, share_interval
from llmr.estimators import _gap_line, fit_estimator, fit_ridge
from llmr.evaluation import bootstrap_weights, task_groups
from llmr.policies import cross_qualities, estimate_qualities
from llmr.router import ESTIMATORS, Examples
from llmr.runs import Pair
from llmr.selection import CANDIDATES, Study, fit_on, gain_curve
from llmr.transfer import guard_rows
from llmr.trials import visible_test_trials


def study_of(small, large, x, groups=None):
    n, none = len(small), np.full((len(small), 1), np.nan)
    paired = pd.DataFrame(dict(small_tests=1., small_passed=small, large_tests=1., large_passed=large))
    views = dict(prompt=x, sentence=x, hand=x)
    return Study('made up', Pair('A', 'B'), np.arange(n), views, small[:, None], large[:, None], np.zeros((n, 0)), none,
                 paired, groups)


def coins(seed, chances=(.5, .5), n=150):
    rng = np.random.default_rng(seed)
    return study_of(*((rng.random(n)<chance)*1. for chance in chances), rng.normal(size=(n, 8)).astype(np.float32))


@pytest.mark.parametrize('chances', [(.5, .5), (.35, .6), (.7, .6)])
def test_on_coins_it_is_never_much_worse_than_the_better_constant(chances):
    over = [guard_rows(coins(seed, chances), ('guarded',)).over_constant[0] for seed in range(4)]
    assert np.mean(over)>=-.2


@pytest.mark.parametrize('sign', [1, -1])
def test_where_the_prompt_tells_it_leaves_the_constant_either_way(sign):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    varied, flat = (x[:, 0]>.2)*1., np.full(200, .5)
    study = study_of(varied, flat, x) if sign>0 else study_of(flat, varied, x)
    row = guard_rows(study, ('guarded',)).iloc[0]
    assert row.low>3 and .2<row.left<.8 and row.low<=row.over_constant<=row.high


def test_a_guarded_router_that_was_saved_scores_the_same():
    study = coins(3)
    fitted = fit_estimator('guarded', study.views, study.small, study.large)
    again = ESTIMATORS['guarded'](fitted.state)
    assert again.score(study.views).tolist()==fitted.score(study.views).tolist()
    assert 'guarded' not in CANDIDATES # its scores are made for the threshold 0, not for a ranking


def test_one_task_and_few_tasks_are_scored():
    study = coins(1, n=24)
    fitted = fit_estimator('guarded', study.views, study.small, study.large)
    assert np.isfinite(fitted.score({name: x[:1] for name,x in study.views.items()})).all()


def test_some_of_the_examples():
    examples = Examples(dict(prompt=np.arange(4.)[:, None]), np.arange(4.)[:, None], np.zeros((4, 1)), np.ones((4, 2)))
    assert examples.part(np.array([False, True, False, True])).small.ravel().tolist()==[1, 3]
    assert examples.part(np.array([2])).others.shape==(1, 2) and examples.drawn(2, 0).small.shape==(2, 1)


# ---- grouped folds

def test_twins_are_in_one_fold_everywhere(monkeypatch, shipped):
    "Every task has a twin with the same prompt; a router that has seen the twin would know."
    rng = np.random.default_rng(0)
    x, small = np.repeat(rng.normal(size=(40, 8)), 2, axis=0).astype(np.float32), np.repeat(rng.random(40), 2)
    grouped = study_of(small, np.full(80, .5), x, np.repeat(np.arange(40), 2))
    rows = gain_curve(grouped, 'kernel', (64,), 3)
    loose = gain_curve(study_of(small, np.full(80, .5), x), 'kernel', (64,), 3)
    assert rows.gain.mean()<loose.gain.mean()-5
    by_group, by_task = (np.corrcoef(small_pass_scores(study, 'kernel'), small)[0, 1]
                         for study in (grouped, study_of(small, np.full(80, .5), x)))
    assert by_group<.5<by_task
    assert prompt_scores.__module__=='llmr.cascade'


def test_twins_choose_a_penalty_in_one_fold():
    "Leave-one-out sees the twin of a task, and prefers to learn noise by heart."
    rng = np.random.default_rng(1)
    x, y = np.repeat(rng.normal(size=(30, 40)), 2, axis=0), np.repeat(rng.normal(size=30), 2)
    loose, grouped = (fit_ridge(x, y, np.ones(60), groups)[0] for groups in (None, np.repeat(np.arange(30), 2)))
    assert np.abs(grouped).sum()<.3*np.abs(loose).sum()


def test_trials_know_the_group_of_their_task():
    rows = [dict(task_id=task, split='test', model=model, sample=0, n_tests=2, n_passed=1, tests=['passed', 'failed'],
                 errors=['', ''], status='ran', n_tokens=1, group=f'g{task//2}') for task in range(4) for model in 'AB']
    trials = visible_test_trials(pd.DataFrame(rows), Pair('A', 'B'))
    assert trials.groupby('task_id').group.first().tolist()==['g0', 'g0', 'g1', 'g1']
    assert task_groups(trials, np.unique(trials.task_id)).tolist()==[0, 0, 1, 1]


def test_guarded_errors_go_by_group():
    "Ten copies of every task are no more evidence than the task."
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    small = np.clip(.5+.15*x[:, 0]+rng.normal(0, .4, 60), 0, 1)
    once = study_of(small, np.full(60, .6), x)
    tenfold = [np.repeat(values, 10, axis=0) for values in (small, np.full(60, .6), x)]
    copies = study_of(*tenfold, np.repeat(np.arange(60), 10))
    wide, narrow = (_gap_line(np.repeat(x[:, 0], 10), np.repeat(small-.6, 10), groups)[2][1, 1]
                    for groups in (copies.groups, None))
    assert wide>8*narrow and wide==pytest.approx(_gap_line(x[:, 0], small-.6, None)[2][1, 1], rel=.1)
    sent = [(fit_on(study, 'guarded').score(once.views)>=0).mean() for study in (once, copies)]
    assert abs(sent[0]-sent[1])<.25


def twin_outcomes(n=24, of=2):
    "Outcomes of n tasks, drawn once for every `of` of them, which are one group."
    rng, rows = np.random.default_rng(3), []
    drawn = {(model, group): rng.choice(['passed', 'failed'], 3).tolist() for model in 'AB' for group in range(n//of)}
    for task in range(n):
        for model in 'AB':
            tests = drawn[model, task//of]
            rows.append(dict(task_id=task, split='train', model=model, sample=0, n_tests=3, tests=tests, status='ran',
                             n_passed=tests.count('passed'), errors=['']*3, n_tokens=10+task//of, group=f'g{task//of}'))
    return pd.DataFrame(rows)


def width(bounds): return bounds[1]-bounds[0]


def test_claims_and_bands_resample_groups():
    "Intervals of twins are as wide as those of one of each; without groups they are those of tasks."
    twins = twin_outcomes()
    once, alone = twins[twins.task_id%2==0], twins.drop(columns='group')
    pair = Pair('A', 'B')
    wide, narrow, single = (width(all_small_gap(rows, pair, 'train', 1)[1:]) for rows in (twins, alone, once))
    assert wide==pytest.approx(single) and narrow<.85*wide
    lone = twins.assign(group=[f'g{task}' for task in twins.task_id])
    assert all_small_gap(lone, pair, 'train', 1)==all_small_gap(alone, pair, 'train', 1)
    passed = twins[twins.model=='A'].set_index('task_id').n_passed
    assert share_interval(passed, 3, 1)==share_interval(passed, 3, 1, alone)
    assert share_interval(passed, 3, 1, twins)==pytest.approx(share_interval(passed[::2], 3, 1))
    scores = pd.DataFrame(dict(task_id=range(24), pair='A-B', quality='standard', score=np.arange(24)/24))
    bands = {name: score_bands(scores, rows.assign(split='test'), [pair], 2)
             for name,rows in dict(twins=twins, alone=alone, lone=lone).items()}
    twice, once = ((rows.gap_high-rows.gap_low).sum() for rows in (bands['twins'], bands['alone']))
    assert twice>1.2*once
    pd.testing.assert_frame_equal(bands['alone'], bands['lone'])


def test_cascades_resample_groups():
    twins = twin_outcomes()
    trials = visible_test_trials(twins, Pair('A', 'B'), 'train')
    drawn = _weights(trials, 1)
    assert (drawn[:, ::2]==drawn[:, 1::2]).all() and _weights(trials, 1) is drawn
    assert (_weights(trials.drop(columns='group'), 1)==bootstrap_weights(24, seed=1)).all()
    priced = trials.assign(small_cost=1., large_cost=2., router_cost=0., score=.5)
    rows = [cascade_row(apply_gates(part, dict(passes=1)), {}, 2.) for part in (priced, priced.drop(columns='group'))]
    assert width((rows[0]['low'], rows[0]['high']))>1.2*width((rows[1]['low'], rows[1]['high']))


def test_ceilings_resample_groups():
    twins = twin_outcomes()
    several = pd.concat([twins.assign(sample=sample, n_passed=(twins.n_passed+sample*twins.task_id)%4)
                         for sample in range(3)])
    pair, lone = Pair('A', 'B'), several.assign(group=[f'g{task}' for task in several.task_id])
    grouped, alone, single = (nine_of_ten_gain(rows, pair) for rows in (several, several.drop(columns='group'), lone))
    assert single==alone and grouped[0]==alone[0] and grouped[1:]!=alone[1:]


def test_one_models_pass_rate_chooses_a_penalty_by_group():
    rng = np.random.default_rng(1)
    x, y = np.repeat(rng.normal(size=(20, 24)), 2, axis=0), np.repeat(rng.normal(size=20), 2)[:, None]
    groups, views = np.repeat(np.arange(20), 2), dict(prompt=x)
    loose, grouped = (np.ptp(estimate_qualities('ridge', views, y, views, groups=part)) for part in (None, groups))
    assert grouped<.3*loose
    loose, grouped = (cross_qualities('ridge', views, y, groups%2, groups=part) for part in (None, groups))
    assert np.abs(grouped-y.mean()).mean()<np.abs(loose-y.mean()).mean()
