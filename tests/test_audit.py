import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from llmr.audit import (
    CONCLUSIONS, FIGURE4, TABLE1, audit, author_grades, conclusions, nested_sd, published_curve, random_gap,
    training_claims)
from llmr.evaluation import TARGETS, paired_outcomes
from llmr.labels import all_labels, pair_gaps


@pytest.fixture(scope='module')
def claims(shipped, pairs):
    gaps = pd.concat([pair_gaps(shipped('outcomes'), pair, quality) for quality in ('standard', 'brevity') for pair in pairs])
    return audit(shipped('outcomes'), shipped('regrades'), all_labels(gaps), shipped('features'), pairs)


def test_every_erratum_has_its_rows(claims):
    told = {number for source in claims.source.unique() if 'errata' in source for number in source.split('errata ')[1].rstrip(')').replace(' and ', ' ').split()}
    assert told==set(map(str, range(1, 12)))


def test_table_1_from_the_authors_grades(claims):
    "All 18 means and 18 deviations to the printed digit."
    rows = claims[claims.source=='Table 1']
    assert len(rows)==36 and rows.verdict.eq('reproduced').all()
    assert (rows.reproduced.round(1)==rows.published).all()


def test_every_number_of_figure_4_is_there(claims):
    rows = claims[claims.source=='Figure 4']
    assert sorted(rows.published)==sorted(gap for points in FIGURE4.values() for gap,_ in points) and len(rows)==24


def test_published_numbers_are_the_papers():
    folder = ROOT.parent/'shared'/'paper'
    if not folder.is_dir(): pytest.skip('../shared/paper is not there')
    table = pd.read_csv(folder/'table1.csv').set_index('pair')
    for pair,(means, sds) in TABLE1.items(): assert tuple(table.loc[pair])==(*means, *sds)
    figure = pd.read_csv(folder/'table_fig4.csv').set_index(['quality', 'pair', 'target_cost_advantage'])
    assert len(figure)==24
    for key,points in FIGURE4.items():
        for target,point in zip(TARGETS, points): assert tuple(figure.loc[(*key, round(100*target))])==point


def test_published_gains_over_random(shipped, pairs):
    "Errata 4, to a tenth of a point."
    published = published_curve(shipped('outcomes'), pairs)
    gains = (100*(published.performance_gap-published.random)).groupby([published['quality'], published.pair]).mean()
    told = {('standard', '1B-8B'): -1.8, ('standard', '8B-70B'): -1., ('standard', '1B-70B'): -2.6, ('brevity', '1B-8B'): 1.9, ('brevity', '8B-70B'): -.7, ('brevity', '1B-70B'): 1.7}
    for key,gain in told.items(): assert gains[key]==pytest.approx(gain, abs=.15), key


def test_verdicts_follow_from_the_intervals(claims):
    sided = claims[claims.verdict.str.contains('above random|below random|not told from random') & ~claims.verdict.str.startswith('router') & claims.low.notna()]
    assert len(sided)>=30
    for row in sided.itertuples():
        expected = 'above random' if row.low>0 else 'below random' if row.high<0 else 'not told from random'
        assert row.verdict.endswith(expected), row
    middle = claims.corrected.fillna(claims.reproduced)
    bounded = claims.low.notna() & ~claims.source.str.startswith('Appendix')
    assert ((claims.low<=middle) & (middle<=claims.high))[bounded].all()


def test_every_statistic_has_an_interval(claims):
    assert claims.low.notna().all() and claims.high.notna().all() and (claims.low<=claims.high).all()
    told = claims[claims.claim.str.contains('tie|ties')]
    for row in told.itertuples(): assert row.verdict==('holds' if row.low>50 else 'does not hold' if row.high<50 else 'cannot be told'), row


def test_conclusions_follow_from_their_rows(claims):
    found = conclusions(claims).set_index('conclusion')
    assert list(found.index)==[text for text,*_ in CONCLUSIONS]
    assert found.standing['over half of the comparisons tie']=='stands' and found.standing['most ties are at zero passed tests']=='falls'
    assert found.standing["the gain at 75% of requests routed to the 8B model is the router's"]=='cannot be told'
    wide = claims.assign(verdict=claims.verdict.where(~claims.claim.str.startswith('over half'), 'cannot be told'))
    assert conclusions(wide).set_index('conclusion').standing['over half of the comparisons tie']=='cannot be told'
    one = claims[claims.claim.str.startswith('over half')].copy()
    one.loc[one.index[0], 'verdict'] = 'does not hold'
    assert conclusions(one).standing.tolist()==['falls']


def test_two_definitions(claims):
    "Errata 2."
    rows = claims[claims.claim.str.startswith('all-small minus all-large')].set_index('subject')
    for pair,(table1_gap, gap) in {'1B-8B': (-18.5, -22.1), '8B-70B': (3.9, 8.5), '1B-70B': (-14.6, -13.6)}.items():
        assert rows.published[pair]==table1_gap and rows.reproduced[pair]==pytest.approx(table1_gap, abs=.2) and rows.corrected[pair]==pytest.approx(gap, abs=.3)


def test_the_closed_form_of_random_routing(shipped, pairs):
    paired = paired_outcomes(shipped('outcomes'), pairs[1])
    won, rng = (paired.small_passed-paired.large_passed).to_numpy()/paired.large_tests.sum(), np.random.default_rng(0)
    sums = np.array([np.cumsum(rng.permutation(won))[[149, 349]] for _ in range(6000)])
    for column,share in enumerate((.3, .7)):
        mean, sd = random_gap(paired, share)
        assert sums[:, column].mean()==pytest.approx(mean, abs=4*sd/np.sqrt(6000)) and sums[:, column].std()==pytest.approx(sd, rel=.04)
    assert sums.mean(1).std()==pytest.approx(nested_sd((.3, .7), [random_gap(paired, share)[1] for share in (.3, .7)]), rel=.04)


def test_without_copies_nothing_leaks(shipped, pairs):
    "A run with augmentation none has no copy that could stand on both sides."
    labels = all_labels(pair_gaps(shipped('outcomes'), pairs[0], 'standard'))
    claims = training_claims(labels, shipped('features').query('copy==0'), pairs[:1])
    assert claims.claim.str.startswith('5 epochs').tolist()==[True]


def test_pairs_that_the_paper_does_not_have_make_no_claim(shipped, pairs):
    other = shipped('outcomes').assign(model='A')
    labels = pd.DataFrame(dict(task_id=[1], split='train', pair='A-B', quality='standard', label='strict', t=0., y=.5))
    assert audit(other, shipped('regrades'), labels, shipped('features'), [type(pairs[0])('A', 'B')]).empty


def test_grades_of_validation_and_test(shipped):
    "Own grades against the authors' on 1,770 programs."
    theirs = author_grades()
    both = shipped('outcomes').merge(theirs, on=['task_id', 'split', 'model', 'sample'], suffixes=('', '_authors'))
    assert len(both)==len(theirs)==1770
    differ = both[both.n_passed!=both.n_passed_authors]
    assert len(differ)<=8, differ[['model', 'task_id', 'status', 'errors', 'n_passed', 'n_passed_authors']]
