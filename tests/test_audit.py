import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, norm

from llmr.audit import CONCLUSIONS, audit, conclusions
from llmr.claims import AGAINST_RANDOM, FIGURE4, STATEMENTS, SUPPORT
from llmr.labels import all_labels, pair_gaps


@pytest.fixture(scope='module')
def claims(shipped, pairs):
    pair_qualities = [(pair, quality) for quality in ('standard', 'brevity') for pair in pairs]
    gaps = pd.concat([pair_gaps(shipped('outcomes'), pair, quality) for pair,quality in pair_qualities])
    return audit(shipped('outcomes'), shipped('regrades'), all_labels(gaps), shipped('features'), pairs)


def of(claims, claim_id): return claims[claims.claim_id==claim_id]


def test_every_statement_has_its_rows(claims):
    assert set(claims.claim_id)==set(STATEMENTS) and not claims.duplicated(['claim_id', 'subject']).any()
    for claim_id,rows in claims.groupby('claim_id'):
        statement = STATEMENTS[claim_id]
        expected = dict(claim=statement.text, source=statement.source, unit=statement.unit,
                        interval_kind=statement.interval_kind)
        for column,value in expected.items():
            assert rows[column].eq(value).all()


def test_table_1_from_the_authors_grades(claims):
    "All 18 means and 18 deviations to the printed digit."
    rows = claims[claims.claim_id.isin(['random_rate', 'random_deviation'])]
    assert len(rows)==36 and rows.verdict.eq('reproduced').all()
    assert (rows.reproduced.round(1)==rows.published).all()


def test_every_number_of_figure_4_is_there(claims):
    rows = of(claims, 'router_gap')
    assert sorted(rows.published)==sorted(gap for points in FIGURE4.values() for gap,_ in points) and len(rows)==24


def test_verdicts_follow_from_the_intervals(claims):
    above, neither, below = AGAINST_RANDOM
    side = lambda row: above if row.low>0 else below if row.high<0 else neither
    for row in of(claims, 'ridge_gain').itertuples(): assert row.verdict==side(row), row
    for claim_id,before in (('router_gap', ''), ('router_mean_gain', 'Equation 1 ')):
        rows = of(claims, claim_id)
        sd, middle = (rows.high-rows.low)/3.92, (rows.high+rows.low)/2
        p = 2*norm.sf(np.abs(middle/sd).astype(float))
        stands = false_discovery_control(p)<=.05
        for row,standing in zip(rows.itertuples(), stands):
            assert row.verdict==before+(side(row) if standing else neither), row
    for row in pd.concat([of(claims, 'half_tie'), of(claims, 'ties_at_zero')]).itertuples():
        supported, undecided, refuted = SUPPORT
        assert row.verdict==(supported if row.low>50 else refuted if row.high<50 else undecided), row


def test_every_statistic_lies_in_its_interval(claims):
    assert claims.low.notna().all() and claims.high.notna().all() and (claims.low<=claims.high).all()
    middle, own = claims.corrected.fillna(claims.reproduced), claims.interval_kind!='printed range'
    assert ((claims.low<=middle+1e-9) & (middle<=claims.high+1e-9))[own].all() and (~own).sum()==6


def test_every_conclusion_names_claims_that_are_there(claims):
    there = set(zip(claims.claim_id, claims.subject))
    for conclusion in CONCLUSIONS:
        assert set(conclusion.claim_ids)<=set(STATEMENTS)
        assert {(claim_id, subject) for claim_id in conclusion.claim_ids for subject in conclusion.subjects}<=there


def test_conclusions_follow_from_their_rows(claims):
    standing = conclusions(claims).set_index('conclusion').standing
    assert list(standing.index)==[conclusion.text for conclusion in CONCLUSIONS] and set(standing)==set(SUPPORT)
    assert standing['over half of the comparisons tie']=='supported'
    assert standing['most ties are at zero passed tests']=='refuted'
    assert standing["the gain at 75% of requests routed to the 8B model is the router's"]=='undecided'
    ties = of(claims, 'half_tie')
    assert conclusions(ties.assign(verdict='undecided')).standing.tolist()==['undecided']
    one = ties.assign(verdict=['refuted', *ties.verdict[1:]])
    assert conclusions(one).standing.tolist()==['refuted']
    reworded = claims.assign(claim='another sentence', note='')
    assert conclusions(reworded).equals(conclusions(claims)), 'the text of a claim must not matter'


def test_two_definitions(claims):
    "Errata 2."
    rows = of(claims, 'all_small_gap').set_index('subject')
    for pair,(table1_gap, gap) in {'1B-8B': (-18.5, -22.1), '8B-70B': (3.9, 8.5), '1B-70B': (-14.6, -13.6)}.items():
        assert rows.published[pair]==table1_gap
        assert rows.reproduced[pair]==pytest.approx(table1_gap, abs=.2)
        assert rows.corrected[pair]==pytest.approx(gap, abs=.3)


def test_the_later_errata(claims):
    "Errata 12 to 15: one text, splits that differ, rows that stand under the authors' own grades, tokens."
    draws = of(claims, 'distinct_draws').set_index('subject')
    assert draws.verdict['70B train']=='one draw' and draws.corrected['70B train']==1
    assert draws.verdict[['1B train', '8B train']].eq('several draws').all()
    ceilings = of(claims, 'nine_of_ten_gain').set_index('subject')
    assert ceilings.corrected.tolist()==pytest.approx([7.9, 3.6, 4.2], abs=.3)
    assert ceilings.reproduced.tolist()==pytest.approx([7.9, 9.7, 12.], abs=.3)
    shift = of(claims, 'split_shift').set_index('subject')
    assert shift.corrected['8B-70B']==pytest.approx(9.1, abs=.3) and shift.verdict['8B-70B']=='splits differ'
    assert shift.verdict['1B-8B']=='no difference shown', 'only the 70B model moves'
    stand = of(claims, 'rows_that_stand').iloc[0]
    assert (stand.corrected, stand.low)==(9, 4) and stand.verdict=='fewer stand'
    mean = of(claims, 'router_mean_gain').set_index('subject').loc['1B-70B brevity']
    assert mean.corrected==pytest.approx(-1.5, abs=.1) and mean.high>0 and 'indistinguishable' in mean.verdict
    assert of(claims, 'recorded_tokens').set_index('subject').reproduced['1B test']==pytest.approx(136, abs=3)


def test_pairs_that_the_paper_does_not_have_make_no_claim(shipped, pairs):
    other = shipped('outcomes').assign(model='A')
    labels = pd.DataFrame(dict(task_id=[1], split='train', pair='A-B', quality='standard', label='strict', t=0., y=.5))
    assert audit(other, shipped('regrades'), labels, shipped('features'), [type(pairs[0])('A', 'B')]).empty
