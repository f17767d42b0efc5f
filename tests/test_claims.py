import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from llmr.claims import (
    FIGURE4, INTERVAL_KINDS, STATEMENTS, TABLE1, Claim, Statement, all_small_gap, author_grades, claims_table,
    same_digits, share_interval)
from llmr.core import SCHEMAS
from llmr.evaluation import TARGETS, bootstrap_weights, interval


def test_published_numbers_are_the_papers():
    folder = ROOT.parent/'shared'/'paper'
    if not folder.is_dir(): pytest.skip('../shared/paper is not there')
    table = pd.read_csv(folder/'table1.csv').set_index('pair')
    for pair,(means, sds) in TABLE1.items(): assert tuple(table.loc[pair])==(*means, *sds)
    figure = pd.read_csv(folder/'table_fig4.csv').set_index(['quality', 'pair', 'target_cost_advantage'])
    assert len(figure)==24
    for key,points in FIGURE4.items():
        for target,point in zip(TARGETS, points): assert tuple(figure.loc[(*key, round(100*target))])==point


def test_statements():
    assert {number for statement in STATEMENTS.values() for number in statement.errata}==set(range(1, 16))
    assert {statement.interval_kind for statement in STATEMENTS.values()}==set(INTERVAL_KINDS)
    assert len({statement.text for statement in STATEMENTS.values()})==len(STATEMENTS)
    assert Statement('x', 'Table 1').source=='Table 1' and Statement('x', '§4.3', (4,)).source=='§4.3 (errata 4)'


def test_rows_get_their_statement_and_the_columns_of_the_table():
    rows = claims_table([Claim('settings_lost', '1B-8B', 8., 8, 4, 2, 6, 'undecided'), Claim('half_tie', '8B-70B')])
    assert list(rows)==list(SCHEMAS['claims'].columns)
    assert rows.interval_kind.tolist()==['bounds', '95% interval'] and rows.unit.tolist()==['of 8', 'percent']
    assert list(claims_table([]))==list(rows)
    with pytest.raises(KeyError, match='no_such_claim'): claims_table([Claim('no_such_claim', 'x')])


def test_digits():
    assert same_digits(59.8, 59.849)=='reproduced' and same_digits(59.8, 59.851)=='differs'
    assert same_digits(59., 60.2, digits=0)=='differs' and same_digits(60., 60.2, digits=0)=='reproduced'


def test_a_shares_interval_equals_that_of_resampled_rows():
    rng = np.random.default_rng(0)
    top, bottom = rng.integers(0, 4, 30), rng.integers(3, 6, 30)
    drawn = [np.repeat(np.arange(30), weight) for weight in bootstrap_weights(30, seed=1)]
    shares = [100*top[rows].sum()/bottom[rows].sum() for rows in drawn]
    assert share_interval(top, bottom, 1)==pytest.approx(interval(shares))
    assert share_interval(top, 3, 1)==pytest.approx(share_interval(top, np.full(30, 3), 1))


def test_all_small(shipped, pairs):
    gap, low, high = all_small_gap(shipped('outcomes'), pairs[0], 'train', 42)
    assert low<gap<high<0


def test_grades_of_validation_and_test(shipped):
    "Own grades and the authors' of 1,770 programs."
    theirs = author_grades()
    both = shipped('outcomes').merge(theirs, on=['task_id', 'split', 'model', 'sample'], suffixes=('', '_authors'))
    assert len(both)==len(theirs)==1770
    differ = both[both.n_passed!=both.n_passed_authors]
    assert len(differ)<=8, differ[['model', 'task_id', 'status', 'errors', 'n_passed', 'n_passed_authors']]
