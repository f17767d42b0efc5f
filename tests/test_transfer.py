"The same choice on other data: one router a pair, and what the nested rows say."
import numpy as np
import pandas as pd
import pytest
from own_files import easy_outcomes

from llmr.core import InputError
from llmr.runs import Pair
from llmr.transfer import compare_routers, nested_verdicts

ESTIMATORS = ('ridge', 'knn')


@pytest.fixture
def tasks():
    "Texts that say how easy a task is."
    easy = easy_outcomes()[0][:, 0]>.5
    texts = np.where(easy, 'add two numbers', 'parse a tree')
    return pd.DataFrame(dict(task_id=range(60), tests=[[]]*60, setup='', text=texts))


def test_every_pair_chooses_one_router(tasks):
    pairs = [Pair('A', 'B'), Pair('C', 'B')]
    table = compare_routers('made up', tasks, easy_outcomes()[1], pairs, 'hashing', ESTIMATORS)
    routers = table.groupby('pair', sort=False).router.agg(list).to_dict()
    assert routers=={pair.name: [*ESTIMATORS, 'nested'] for pair in pairs}
    assert table.groupby('pair').selected.sum().tolist()==[1, 1] and (table.data=='made up').all()
    chosen = table[table.router!='nested'].sort_values('gain').groupby('pair').router.last()
    assert table[table.selected].set_index('pair').router.sort_index().equals(chosen)


def test_a_pair_without_outcomes_is_refused(tasks):
    with pytest.raises(InputError, match="no outcomes of model 'D'; choose from A, B, C"):
        compare_routers('made up', tasks, easy_outcomes()[1], [Pair('A', 'D')], 'hashing', ESTIMATORS)


@pytest.mark.parametrize('low,high,verdict', [
    (.5, 3., 'above random'), (-1., 3., 'indistinguishable from random'), (-3., -1., 'below random')])
def test_the_nested_interval_decides(low, high, verdict):
    "Whatever the chosen router's own interval says."
    table = pd.DataFrame(dict(data='made up', pair='A-B', router=['knn', 'nested'], selected=[True, False],
                              gain=[5., 1.], low=[4., low], high=[6., high]))
    rows = nested_verdicts(table)
    assert rows[['chosen', 'gain', 'verdict']].values.tolist()==[['knn', 1., verdict]]
