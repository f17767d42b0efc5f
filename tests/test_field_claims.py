"Published claims recounted: each interval by a second method, claims that are refused, and what the files hold."
import json

import numpy as np
import pandas as pd
import pytest
from conftest import NBS, require
from scipy.stats import binom

from llmr.core import InputError
from llmr.field_claims import (
    CLAIM_COLUMNS, KINDS, Pairs, claim_answer, count_pairs, effect_of, filled_rates, loss_left_open, paired_interval,
    possible_pairs, read_field_claims, recount_claims, recount_pairs, tasks_to_settle, unpaired_interval, unpaired_sd)
from llmr.planning import MAX_TASKS

CLAIMS = NBS/'assets'/'field_claims.csv'
GOOD = dict(who='a', claim='as good', measure='tasks', kind='same', n='21', baseline='0.76', routed='0.76',
            difference='', paired='yes', printed_baseline='16/21', printed_routed='16/21', source='its page',
            link='https://a.org', note='')
Z = 1.959963985


@pytest.fixture(scope='module')
def claims(): return recount_claims(read_field_claims(CLAIMS))


@pytest.fixture(scope='module')
def outcomes(): return recount_pairs(pd.read_csv(NBS/'assets'/'field_pairs.csv'))


def wilson(rate, n):
    middle, half = rate+Z*Z/(2*n), Z*np.sqrt(rate*(1-rate)/n+Z*Z/(4*n*n))
    return (middle-half)/(1+Z*Z/n), (middle+half)/(1+Z*Z/n)


def newcombe(first, second, n, phi=0.):
    "Newcombe 1998: method 10 of two shares, and with a correlation `phi` that of pairs."
    (l1, u1), (l2, u2) = wilson(first, n), wilson(second, n)
    below = np.sqrt((second-l2)**2-2*phi*(second-l2)*(u1-first)+(u1-first)**2)
    above = np.sqrt((u2-second)**2-2*phi*(u2-second)*(first-l1)+(first-l1)**2)
    return second-first-below, second-first+above


def paired_newcombe(pairs):
    one, two = ((pairs.both+part)/pairs.n for part in (pairs.baseline, pairs.routed))
    spread = np.sqrt(one*(1-one)*two*(1-two))
    return newcombe(one, two, pairs.n, (pairs.both/pairs.n-one*two)/spread if spread else 0.)


def close(ends, others, n, tasks=1):
    "Two right methods differ by a small part of the width, and by a task or two."
    assert np.abs(np.subtract(ends, others)).max()<.04*(others[1]-others[0])+tasks/n, (ends, others, n)


def test_every_claims_interval_is_newcombes(claims):
    for row in claims.itertuples():
        baseline, routed, _ = filled_rates(row.baseline, row.routed, row.difference)
        close((row.low, row.high), newcombe(baseline, routed, row.n), row.n)


def test_every_claims_paired_limits_are_newcombes(claims):
    "Where few tasks differ, the package's interval allows for losses that were not seen: it is wider, never narrower."
    for row in claims.itertuples():
        baseline, routed, _ = filled_rates(row.baseline, row.routed, row.difference)
        fewest, most = possible_pairs(baseline, routed, row.n)
        assert (row.wide_low, row.wide_high)==paired_interval(most)
        low, high = paired_interval(fewest)
        assert (row.narrow_low, row.narrow_high)==(max(low, row.low), min(high, row.high))
        for pairs in (fewest, most):
            (low, high), other = paired_interval(pairs), paired_newcombe(pairs)
            assert low<=other[0]+1/row.n and other[1]-1/row.n<=high
            if pairs.routed+pairs.baseline>=60: close((low, high), other, row.n, 2)


def test_every_interval_of_outcomes_is_newcombes_and_the_bootstraps(outcomes):
    rng = np.random.default_rng(0)
    for row in outcomes.itertuples():
        pairs = Pairs(row.both, row.routed, row.baseline, row.neither)
        assert row.n==pairs.n and row.difference==pytest.approx(row.routed_rate-row.baseline_rate)
        close((row.low, row.high), newcombe(row.baseline_rate, row.routed_rate, row.n), row.n)
        close((row.paired_low, row.paired_high), paired_newcombe(pairs), row.n, 2)
        drawn = rng.multinomial(pairs.n, np.array(pairs)/pairs.n, 4000)
        close((row.paired_low, row.paired_high), np.quantile((drawn[:, 1]-drawn[:, 2])/pairs.n, (.025, .975)), row.n, 2)


def test_the_unpaired_interval_holds():
    "The exact chance that it holds the true difference, at sizes and rates that claims have."
    for n,first,second in ((21, .76, .76), (25, .92, .92), (80, .55, .52)):
        one, two = (binom.pmf(range(n+1), n, rate) for rate in (first, second))
        likely = [(i, j) for i in range(n+1) for j in range(n+1) if one[i]*two[j]>1e-6]
        ends = [unpaired_interval(i/n, j/n, n) for i,j in likely]
        holds = [one[i]*two[j] for (i, j),(low, high) in zip(likely, ends) if low<=second-first<=high]
        assert sum(holds)>.94, n


def test_the_paired_interval_holds():
    "Of drawn outcomes, 95%."
    drawn = np.random.default_rng(2).multinomial(150, [.5, .06, .04, .4], 3000)
    kinds, counts = np.unique(drawn[:, 1:3], axis=0, return_counts=True)
    ends = [paired_interval(Pairs(150-routed-baseline, routed, baseline, 0)) for routed,baseline in kinds.tolist()]
    assert sum(count for (low, high),count in zip(ends, counts) if low<=.02<=high)/3000>.945


@pytest.mark.parametrize('rates', [(0., 0.), (1., 1.), (0., 1.), (1., 0.), (.443, .437)])
@pytest.mark.parametrize('n', [1, 2, 85])
def test_rates_at_the_edges(rates, n):
    fewest, most = possible_pairs(*rates, n)
    for pairs in (fewest, most):
        assert min(pairs)>=0 and pairs.n==n
        low, high = paired_interval(pairs)
        assert -1<=low<=pairs.difference<=high<=1
    low, high = unpaired_interval(*rates, n)
    assert -1<=low<high<=1
    assert fewest.routed+fewest.baseline<=most.routed+most.baseline


def test_what_no_loss_leaves_open_is_the_exact_bound():
    for n in (1, 9, 21, 500): assert (1-loss_left_open(n))**n==pytest.approx(.05)


def test_tasks_that_settle_do_settle():
    "Drawn at the planned number, four of five claims are shown; a loss beyond the margin is never planned for."
    rng, sd = np.random.default_rng(3), unpaired_sd(.7, .75)
    n = tasks_to_settle('more', .05, sd)
    drawn = rng.binomial(n, (.7, .75), (800, 2))/n
    shown = [unpaired_interval(*rates, n, .9)[0]>0 for rates in drawn]
    assert .76<np.mean(shown)<.87
    assert tasks_to_settle('same', -.011, sd)==MAX_TASKS>tasks_to_settle('same', -.009, .1)


def test_answers_on_either_side():
    assert [effect_of(kind, .02, .01) for kind in KINDS]==pytest.approx([.03, .02, -.02])
    assert claim_answer('less', (-.3, -.1), (-.3, -.1))=='shown'
    assert claim_answer('same', (-.009, .2), (0, 0))=='shown'
    assert claim_answer('same', (-.3, -.02), (0, 0))=='contradicted'
    assert claim_answer('more', (-.1, .3), (.01, .2))=='needs the pairs'


def written(tmp_path, **changed):
    path = tmp_path/'claims.csv'
    pd.DataFrame([GOOD, GOOD | changed]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize('changed,said', [
    (dict(n=''), r'claim 2 \(a\), column n: no number of tasks, and without it no interval .* \(its page\)'),
    (dict(n='0'), "column n: '0' is no number of tasks"), (dict(n='21.5'), "'21.5' is no number of tasks"),
    (dict(n='some'), 'column n'), (dict(n='-3'), 'column n'),
    (dict(baseline='76'), "column baseline: '76' is no fraction from 0 to 1. Write 44.3% as 0.443"),
    (dict(routed='x'), 'column routed'), (dict(baseline='nan', routed=''), 'column baseline'),
    (dict(baseline=''), 'two rates or their difference are needed'),
    (dict(difference='.2'), r'column difference: 0.2, but routed − baseline is 0'),
    (dict(kind='better'), "column kind: unknown 'better'; choose from same, more, less"),
    (dict(paired='maybe'), 'column paired'), (dict(source=''), 'column source: empty'),
    (dict(link='example.org'), 'column link')])
def test_a_claim_that_is_refused(tmp_path, changed, said):
    with pytest.raises(InputError, match=said): read_field_claims(written(tmp_path, **changed))


def test_files_that_are_refused(tmp_path):
    path = tmp_path/'claims.csv'
    with pytest.raises(InputError, match='cannot be read'): read_field_claims(path)
    path.write_text('')
    with pytest.raises(InputError, match='cannot be read'): read_field_claims(path)
    path.write_text(','.join(CLAIM_COLUMNS)+'\n')
    with pytest.raises(InputError, match='no claim'): read_field_claims(path)
    path.write_text('who,claim\na,b\n')
    with pytest.raises(InputError, match='no column measure'): read_field_claims(path)


def test_unmatched_tasks_and_later_samples_do_not_count():
    rows = [('a', 'S', 0, 1), ('a', 'S', 1, 0), ('a', 'L', 0, 1), ('b', 'S', 0, 1), ('c', 'L', 2, 0), ('c', 'S', 0, 1)]
    table = pd.DataFrame(rows, columns=['task_id', 'model', 'sample', 'n_passed']).assign(n_tests=1)
    assert count_pairs(table, 'L', 'S')==Pairs(both=1, routed=1, baseline=0, neither=0)
    with pytest.raises(InputError, match='no task in common'): count_pairs(table[table.task_id!='a'].iloc[:2], 'L', 'S')


def test_the_counted_outcomes_are_those_of_the_files(outcomes, data_folder):
    path = data_folder/'harness'/'expected.json'
    require('data', path.exists(), f'no outputs of evaluation tools beside {path}')
    expected = {name.partition(' [')[0]: entry for name,entry in reversed(json.loads(path.read_text()).items())
                if entry.get('pairs')}
    compared = 0
    for row in outcomes[outcomes.folder.isin(list(expected))].itertuples():
        (names, counts), = expected[row.folder]['pairs'].items()
        if 'both_all_pass' not in counts or row.folder=='terminalbench_goose': continue # five attempts each
        first = names.partition(' | ')[0]
        alone = (counts['first_better'], counts['second_better'])
        if not row.baseline_model.endswith(first): alone = alone[::-1]
        assert (row.both, row.baseline, row.routed)==(counts['both_all_pass'], *alone), row.folder
        compared += 1
    assert compared>=6


def test_the_papers_models_are_those_of_the_shipped_outcomes(outcomes, shipped):
    test = shipped('outcomes').query('split=="test"')
    row, = outcomes[(outcomes.folder=='paper') & (outcomes.routed_model=='8B')].itertuples()
    assert count_pairs(test, '70B', '8B')==Pairs(row.both, row.routed, row.baseline, row.neither)
