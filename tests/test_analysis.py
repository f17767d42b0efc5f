import pandas as pd
import pytest

from llmr.analysis import decision_summary, extreme_tasks, paper_scores, routing_record, score_bands
from llmr.core import Pair


@pytest.fixture(scope='module')
def toy(toy_run):
    return {name: pd.read_parquet(toy_run[0]/f'{name}.parquet') for name in ('tasks', 'outcomes', 'scores', 'thresholds', 'decisions')}


PAIRS = [Pair('small', 'large')]


def test_the_papers_heads_are_chosen(toy):
    chosen = paper_scores(toy['scores'])
    assert set(zip(chosen['quality'], chosen.router))=={('standard', 'head-strict'), ('brevity', 'head-inclusive')}
    assert set(chosen.split)=={'test'}


def test_equal_scores_are_ordered_by_task():
    scores = pd.DataFrame(dict(task_id=[3, 1, 2, 4], split='test', pair='A-B', quality='standard', router='head-strict', score=[.5, .5, .5, .1]))
    shown = extreme_tasks(scores, pd.DataFrame(dict(task_id=[1, 2, 3, 4], text='')), n=2)
    assert shown[shown.end=='lowest'].task_id.tolist()==[4, 1] and shown[shown.end=='highest'].task_id.tolist()==[1, 2]


def test_bands_hold_every_task_once(toy):
    bands = score_bands(paper_scores(toy['scores']), toy['outcomes'], PAIRS)
    n = (toy['tasks'].split=='test').sum()
    assert bands.groupby(['pair', 'quality']).tasks.sum().eq(n).all()
    for _,rows in bands.groupby(['pair', 'quality']): assert (rows.low.to_numpy()[1:]>=rows.high.to_numpy()[:-1]).all()


def test_the_record_is_what_the_thresholds_did(toy):
    decisions = routing_record(paper_scores(toy['scores']), toy['thresholds'], toy['outcomes'], PAIRS)
    pd.testing.assert_frame_equal(decisions, toy['decisions'])
    key = ['pair', 'quality', 'router', 'target']
    told = toy['thresholds'].set_index(key).cost_advantage
    for at,share in decisions.groupby(key).to_small.mean().items(): assert share==pytest.approx(told[at])


def test_better_equal_and_worse_are_all(toy):
    summary = decision_summary(toy['decisions'])
    assert (summary.better+summary.equal+summary.worse).round(12).eq(1).all()
