"Choosing a router honestly: what cross-validation and nesting must hold, and what is refused."
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from own_files import easy_outcomes

from llmr.core import InputError
from llmr.estimators import fit_estimator
from llmr.evaluation import gain_over_random
from llmr.features import VIEWS
from llmr.router import ESTIMATORS
from llmr.runs import Pair
from llmr.selection import (
    CANDIDATES, MIN_TASKS, choose, cross_gains, cross_scores, data_hash, fewer_samples, fold_numbers, gain_rows,
    make_study, nested_scores)


@pytest.fixture
def study():
    x, outcomes = easy_outcomes()
    return make_study(outcomes, Pair('A', 'B'), {name: x for name in VIEWS}, np.arange(60), 'made up')


def test_the_candidates_are_estimators_that_read_prompts():
    assert set(CANDIDATES)<=set(ESTIMATORS) and 'stack' in CANDIDATES
    assert all(set(ESTIMATORS[name].reads)<=set(VIEWS) for name in CANDIDATES)


# ---- studies

def test_unequal_numbers_of_samples_fit_every_estimator():
    x, outcomes = easy_outcomes(30)
    lost = (outcomes.model=='B') & (outcomes['sample']==2)
    lost |= (outcomes.model=='A') & (outcomes['sample']==0) & (outcomes.task_id%3==0)
    for tokens in (0, 50):
        rows = outcomes[~lost].assign(n_tokens=tokens)
        study = make_study(rows, Pair('A', 'B'), {name: x for name in VIEWS}, np.arange(30))
        assert study.small.shape==study.large.shape==study.brevity.shape==(30, 3)
        assert np.isfinite(study.brevity).any()==bool(tokens) and np.isnan(study.brevity[:, 2]).all()
    for name in set(ESTIMATORS)-{'head-shifted'}:
        fitted = fit_estimator(name, study.views, study.small, study.large)
        assert np.isfinite(fitted.score(study.views)).all(), name
    with pytest.raises(InputError, match='each of M samples'):
        fit_estimator('head-shifted', study.views, study.small, study.large)


def test_a_study_of_many_tasks_is_made_in_seconds():
    n, start = 4000, time.process_time()
    row = dict(split='train', sample=0, n_tests=1, tests=[''], errors=[''], status='ran', n_tokens=0)
    rows = [row | dict(task_id=f't{i}', model=model, n_passed=i%2) for i in range(n) for model in 'AB']
    outcomes = pd.DataFrame(rows)
    make_study(outcomes, Pair('A', 'B'), {}, np.array([f't{i}' for i in range(n)]))
    assert time.process_time()-start<15


def test_fewer_samples_change_what_is_learned_not_what_is_scored(study):
    fewer = fewer_samples(study, 1)
    assert fewer.small.shape==(60, 1) and fewer.paired.equals(study.paired)


@pytest.mark.parametrize('pair,message', [
    (Pair('B', 'B'), "small and large are both 'B'. Name two models"),
    (Pair('A', 'D'), "no outcomes of model 'D'; choose from A, B, C")])
def test_a_pair_that_cannot_be_is_refused(pair, message):
    with pytest.raises(InputError, match=message): make_study(easy_outcomes()[1], pair, {}, np.arange(60))


def test_tasks_without_outcomes_of_one_model_are_counted():
    _, outcomes = easy_outcomes()
    lacking = outcomes[(outcomes.model!='A') | ~outcomes.task_id.isin([3, 5])]
    with pytest.raises(InputError, match='task 3 has no outcome of model A, and 1 more have none'):
        make_study(lacking, Pair('A', 'B'), {}, np.arange(60))


# ---- cross-validation

def test_the_oracle_is_the_ceiling(study):
    fold = fold_numbers(60, 5, 0)
    gains = [gain_over_random(cross_scores(study, name, fold), study.paired) for name in ('oracle', 'kernel', 'random')]
    assert gains[0]>gains[1]>gains[2]


def test_no_task_is_scored_by_a_router_that_saw_it(study):
    fold = fold_numbers(60, 5, 0)
    turned = study.small.copy()
    turned[fold==0] = 1-turned[fold==0]
    scores = [cross_scores(one, 'knn', fold) for one in (study, replace(study, small=turned))]
    before, after = ([np.diff(rows[fold==number]) for number in (0, 1)] for rows in scores)
    assert before[0]==pytest.approx(after[0], abs=1e-9) and before[1]!=pytest.approx(after[1], abs=1e-9)


def test_a_router_that_knows_nothing_gains_nothing():
    "It scores the mean of the other folds. Without centring, that runs against the outcomes: worse than chance."
    for seed in range(5):
        _, outcomes = easy_outcomes(40, 1, seed)
        study = make_study(outcomes, Pair('A', 'B'), {name: np.ones((40, 2)) for name in VIEWS}, np.arange(40))
        scores = cross_scores(study, 'ridge', fold_numbers(40, 5, seed))
        assert gain_over_random(scores, study.paired)==0
        assert scores.mean()==pytest.approx((study.small-study.large).mean())
        nested, _ = nested_scores([study], ('ridge', 'knn'))
        assert gain_over_random(nested['A-B', 'nested'][0], study.paired)==0


def test_one_task_that_differs_is_nothing_to_learn_without_it(study):
    equal = replace(study, small=study.large.copy())
    equal.small[7] = 1-equal.small[7]
    scores, chosen = nested_scores([equal], ('ridge', 'knn'))
    assert np.isfinite(scores['A-B', 'nested']).all() and len(chosen)==5


def test_choosing_from_noise_is_optimistic():
    "With nothing to learn, the best of many looks better than it is; the nested gain does not."
    rng = np.random.default_rng(3)
    apparent, nested = [], []
    names = ('ridge', 'ridge-sentence', 'ridge-ngrams', 'knn', 'random')
    for seed in range(4):
        _, outcomes = easy_outcomes(seed=seed)
        views = {name: rng.normal(size=(60, 5)) for name in VIEWS}
        study = make_study(outcomes, Pair('A', 'B'), views, np.arange(60))
        scores = cross_gains([study], names, 1, 4, seed)
        best, inner = choose(scores, [study], names), nested_scores([study], names, 4, seed)[0]
        apparent.append(gain_over_random(scores['A-B', best][0], study.paired))
        nested.append(gain_over_random(inner['A-B', 'nested'][0], study.paired))
    assert np.mean(apparent)>np.mean(nested)


def test_intervals_include_the_gain_and_the_mean_is_the_mean(study):
    other = make_study(easy_outcomes()[1], Pair('C', 'B'), study.views, np.arange(60), 'made up')
    scores = cross_gains([study, other], ('ridge', 'random'), 2)
    table = gain_rows('made up', [study, other], scores, 'ridge').set_index(['router', 'pair'])
    assert (table.low<=table.gain).all() and (table.gain<=table.high).all()
    assert table.gain['ridge', 'mean']==pytest.approx((table.gain['ridge', 'A-B']+table.gain['ridge', 'C-B'])/2)
    assert list(table.reset_index().columns)==['router', 'pair', 'data', 'selected', 'gain', 'low', 'high']


def test_too_few_tasks_to_choose_from(study):
    few = study.rows(np.arange(MIN_TASKS-1))
    with pytest.raises(InputError, match='19 tasks: too few to choose a router .* Give at least 20'):
        cross_gains([few], ('ridge',))


# ---- the hash of the data

def test_the_hash_of_data_sees_a_value_and_no_order_of_columns():
    frame = pd.DataFrame(dict(a=[1, 2], b=[3, 4]))
    assert data_hash([frame])!=data_hash([frame.assign(a=[1, 3])])
    assert data_hash([frame])==data_hash([frame[['b', 'a']]])
