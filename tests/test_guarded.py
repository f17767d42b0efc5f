"The guarded router: the better constant where nothing can be learned, more where something can; grouped folds."
import numpy as np
import pandas as pd
import pytest

from llmr.cascade import prompt_scores, small_pass_scores
from llmr.estimators import _gap_line, fit_estimator, fit_ridge
from llmr.evaluation import task_groups
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
