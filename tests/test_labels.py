"Gaps, labels and shifts against their definitions."
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from llmr.core import InputError
from llmr.labels import (
    all_labels, best_shift, brevity_gap, hard_labels, label_spread, pair_gaps, shift_summary, soft_labels,
    tie_summary)
from llmr.runs import Pair

AB = Pair('A', 'B')


def outcomes(model, *rows):
    "One sample per task: (passed of 3, tokens, ran)."
    about = dict(split='train', model=model, sample=0, n_tests=3, errors=['']*3)
    return pd.DataFrame([
        about | dict(task_id=i, n_passed=passed, n_tokens=tokens, status='ran' if ran else 'syntax_error',
                     tests=['passed']*passed+['failed']*(3-passed) if ran else ['not_run']*3)
        for i,(passed, tokens, ran) in enumerate(rows)])


def spread_as_written(y):
    "The objective of Equation 4, pair by pair."
    return sum(abs(a-b) for a in y for b in y)/len(y)**2


def test_the_spread_is_that_of_equation_4():
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 30):
        y = rng.integers(0, 11, n)/10
        assert label_spread(y)==pytest.approx(spread_as_written(y), abs=1e-12)


@pytest.mark.parametrize('seed', range(60))
def test_the_best_shift_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 9), rng.integers(1, 6)
    gaps = rng.integers(-3, 4, (n, m))/3 if seed%2 else rng.normal(size=(n, m))
    t, spread = best_shift(gaps)
    every = {shift: spread_as_written((gaps>=shift).mean(1)) for shift in np.unique(gaps)}
    assert spread==pytest.approx(max(every.values()), abs=1e-12)
    assert t in every and every[t]==pytest.approx(spread, abs=1e-12)
    assert abs(t)==min(abs(shift) for shift,value in every.items() if value>spread-1e-12)
    grid = max(spread_as_written((gaps>=shift).mean(1)) for shift in np.linspace(-2, 2, 41))
    assert spread>=grid-1e-12


@pytest.mark.parametrize('gaps', [[], [[]], [1., 2.], [[1., np.nan]], [[np.inf]]])
def test_no_shift_without_gaps(gaps):
    with pytest.raises(InputError, match='best_shift needs'): best_shift(gaps)


def test_soft_labels_count_from_t_up_and_strict_ones_above_it():
    about = dict(task_id=1, split='train', pair='A-B', quality='standard')
    gaps = pd.DataFrame(dict(sample=range(4), gap=[-1., 0., 0., 1.])).assign(**about)
    assert [soft_labels(gaps, strict=strict).y[0] for strict in (False, True)]==[.75, .25]
    assert soft_labels(gaps, t=1.).y[0]==.25 and soft_labels(gaps, t=1., strict=True).y[0]==0
    assert hard_labels(gaps).y[0]==0 and hard_labels(gaps.assign(sample=[1, 0, 2, 3])).y[0]==1


@pytest.mark.parametrize('small,large,wins', [
    # more passed tests win, whatever the length
    ((2, 90, True), (1, 10, True), True), ((1, 10, True), (2, 90, True), False),
    # a tie goes to the shorter completion, then to the small model
    ((1, 10, True), (1, 10, True), True), ((1, 9, True), (1, 10, True), True), ((1, 11, True), (1, 10, True), False),
    # a program that did not run loses
    ((0, 500, True), (0, 10, False), True), ((0, 10, False), (3, 500, True), False),
    ((0, 10, False), (0, 500, True), False), ((0, 10, False), (0, 500, False), False)])
def test_brevity_as_the_authors_coded_it(small, large, wins):
    assert (brevity_gap(outcomes('A', small), outcomes('B', large))[0]>=0)==wins


def test_equal_gaps_are_equal_floats():
    passed = dict(A=(3, 2, 1, 0, 1, 2), B=(2, 1, 0, 1, 2, 3))
    both = pd.concat([outcomes(name, *((n, 5, True) for n in row)) for name,row in passed.items()])
    gaps = pair_gaps(both, AB, 'standard')
    assert gaps.gap.tolist()==[1/3]*3+[-1/3]*3
    assert soft_labels(gaps, t=-1/3).y.eq(1).all() and soft_labels(gaps, t=1/3).y.sum()==3
    tokens = [(small, large) for small in range(1, 60) for large in range(1, 60)]
    drawn = brevity_gap(*(outcomes(name, *((1, pair[at], True) for pair in tokens)) for at,name in enumerate('AB')))
    assert len(set(drawn))==len({Fraction(large-small, large+small+1) for small,large in tokens})


def test_a_sample_without_partner_is_named():
    both = pd.concat([outcomes('A', (1, 5, True), (1, 5, True)), outcomes('B', (1, 5, True))])
    with pytest.raises(InputError, match='task 1, sample 0: only one model of A-B'): pair_gaps(both, AB, 'standard')


def test_an_unknown_quality_is_refused():
    both = pd.concat([outcomes('A', (1, 5, True)), outcomes('B', (1, 5, True))])
    with pytest.raises(InputError, match="unknown quality 'speed'; choose from standard, brevity"):
        pair_gaps(both, AB, 'speed')


def test_an_outcome_without_a_test_is_named():
    both = pd.concat([outcomes('A', (1, 5, True)), outcomes('B', (1, 5, True))]).assign(n_tests=0)
    with pytest.raises(InputError, match='model A: its outcome has no test'): pair_gaps(both, AB, 'standard')


def test_shifts_come_from_train_alone():
    rng = np.random.default_rng(0)
    rows = [dict(task_id=i, split='train' if i<30 else 'test', sample=j, gap=rng.normal(-.5))
            for i in range(40) for j in range(5)]
    gaps = pd.DataFrame(rows).assign(pair='A-B', quality='standard')
    other = gaps.assign(gap=np.where(gaps.split=='test', 9., gaps.gap))
    assert shift_summary(gaps).t_star[0]==shift_summary(other).t_star[0]
    labels = all_labels(gaps)
    assert labels.groupby('label').size().to_dict()==dict(strict=40, inclusive=40, hard=40, shifted=40)


def test_ties_by_hand():
    both = pd.concat([outcomes('A', (1, 5, True), (0, 5, True), (2, 5, True)),
                      outcomes('B', (1, 9, True), (0, 5, False), (3, 5, True))])
    row = tie_summary(both, [AB]).iloc[0]
    assert (row.comparisons, row.tied, row.both_zero)==(3, pytest.approx(2/3), .5)
