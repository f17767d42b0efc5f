import numpy as np
import pandas as pd
import pytest

from llmr.analysis import band_rates, decision_summary, extreme_tasks, paper_scores, routing_record, score_bands
from llmr.runs import Pair
from llmr.evaluation import bootstrap_weights, interval


@pytest.fixture(scope='module')
def toy(toy_run):
    tables = ('tasks', 'outcomes', 'scores', 'thresholds', 'decisions')
    return {name: pd.read_parquet(toy_run[0]/f'{name}.parquet') for name in tables}


PAIRS = [Pair('small', 'large')]


def test_the_papers_heads_are_chosen(toy):
    chosen = paper_scores(toy['scores'])
    assert set(zip(chosen['quality'], chosen.router))=={('standard', 'head-strict'), ('brevity', 'head-inclusive')}
    assert set(chosen.split)=={'test'}


def test_equal_scores_are_ordered_by_task():
    scores = pd.DataFrame(dict(
        task_id=[3, 1, 2, 4], split='test', pair='A-B', quality='standard', router='head-strict',
        score=[.5, .5, .5, .1]))
    shown = extreme_tasks(scores, pd.DataFrame(dict(task_id=[1, 2, 3, 4], text='')), n=2)
    assert shown[shown.end=='lowest'].task_id.tolist()==[4, 1] and shown[shown.end=='highest'].task_id.tolist()==[1, 2]


def test_every_task_is_in_exactly_one_band(toy):
    bands = score_bands(paper_scores(toy['scores']), toy['outcomes'], PAIRS)
    n = (toy['tasks'].split=='test').sum()
    assert bands.groupby(['pair', 'quality']).tasks.sum().eq(n).all()
    for _,rows in bands.groupby(['pair', 'quality']):
        assert (rows.lowest.to_numpy()[1:]>=rows.highest.to_numpy()[:-1]).all()


def test_band_rates_lie_in_their_intervals(toy):
    bands = score_bands(paper_scores(toy['scores']), toy['outcomes'], PAIRS)
    for name in ('small', 'large', 'gap'):
        assert (bands[f'{name}_low']<=bands[name]).all() and (bands[name]<=bands[f'{name}_high']).all(), name
    assert (bands.small-bands.large).to_numpy()==pytest.approx(bands.gap.to_numpy())
    pd.testing.assert_frame_equal(bands, score_bands(paper_scores(toy['scores']), toy['outcomes'], PAIRS))


def test_a_bands_interval_equals_that_of_resampled_rows():
    rng = np.random.default_rng(0)
    paired = pd.DataFrame(dict(
        small_tests=3, small_passed=rng.integers(0, 4, 12),
        large_tests=[3]*6+[1]*6, large_passed=[3, 0, 2, 1, 3, 3]+[0, 1]*3))
    found, drawn = band_rates(paired, seed=5), []
    for weight in bootstrap_weights(12, seed=5):
        rows = paired.iloc[np.repeat(np.arange(12), weight)].sum()
        drawn.append(rows.small_passed/rows.small_tests-rows.large_passed/rows.large_tests)
    assert (found['gap_low'], found['gap_high'])==pytest.approx(interval(drawn))
    assert found['large']==paired.large_passed.sum()/paired.large_tests.sum()


def test_the_routing_record_follows_the_thresholds(toy):
    decisions = routing_record(paper_scores(toy['scores']), toy['thresholds'], toy['outcomes'], PAIRS)
    pd.testing.assert_frame_equal(decisions, toy['decisions'])
    key = ['pair', 'quality', 'router', 'target']
    cost_advantage = toy['thresholds'].set_index(key).cost_advantage
    for row,share in decisions.groupby(key).to_small.mean().items(): assert share==pytest.approx(cost_advantage[row])


def test_better_equal_and_worse_add_up_to_one(toy):
    summary = decision_summary(toy['decisions'])
    assert (summary.better+summary.equal+summary.worse).round(12).eq(1).all()
