import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from llmr.core import DATA_ENV, InputError
from llmr.problem import cost_advantage, format_prompt, load_tasks, mbpp_split, mbpp_task, plot_system, quality_gap, route

RECORD = dict(task_id=602, text='Double a number.', test_list=['assert double(2) == 4'], test_setup_code='')


def test_splits_have_the_papers_sizes():
    sizes = {}
    for task_id in range(1, 975): sizes[mbpp_split(task_id)] = sizes.get(mbpp_split(task_id), 0)+1
    assert sizes==dict(prompt=10, test=500, validation=90, train=374)


def test_a_score_equal_to_tau_goes_to_the_small_model():
    assert route([.2, .5, .9], .5).tolist()==[False, True, True]
    assert cost_advantage(route([.2, .5, .9], .5))==2/3
    assert quality_gap([1, 0], [.5, .5]).tolist()==[.5, -.5]


@pytest.mark.parametrize('change,told', [
    (dict(text=None), "text is NoneType"), (dict(test_list=[]), 'at least one assert'), (dict(test_list=[3]), 'at least one assert'), (dict(task_id='x'), 'task_id is str')])
def test_damaged_records_are_named(change, told):
    with pytest.raises(InputError, match=f'mbpp.jsonl, line 7: .*{told}'): mbpp_task('mbpp.jsonl', 7, RECORD | change)
    for name in ('text', 'test_list', 'task_id'):
        with pytest.raises(InputError, match=f'line 7: no field {name!r}'): mbpp_task('mbpp.jsonl', 7, {k: v for k,v in RECORD.items() if k!=name})


def test_the_setup_stands_between_sentence_and_asserts():
    assert format_prompt('Do.', ['assert f()'], 'import g').split('\n\n')[1:]==['import g', 'assert f()']
    assert format_prompt('Do.', ['assert f()']).count('\n\n')==1


def test_unknown_tasks():
    with pytest.raises(InputError, match='no tasks are called'): load_tasks('humaneval')


def test_tasks_from_the_hub(monkeypatch):
    asked, splits = [], dict(train=[RECORD], prompt=[RECORD | dict(task_id=3)], test=[RECORD | dict(task_id=12)])
    monkeypatch.setitem(sys.modules, 'datasets', SimpleNamespace(load_dataset=lambda *names: asked.append(names) or splits))
    assert load_tasks('mbpp-hub').task_id.tolist()==[12, 602]
    assert asked==[('google-research-datasets/mbpp', 'full')]


def test_a_hub_that_cannot_be_reached(monkeypatch):
    def fail(*names): raise ConnectionError('offline')
    monkeypatch.setitem(sys.modules, 'datasets', SimpleNamespace(load_dataset=fail))
    with pytest.raises(InputError, match='cannot be loaded'): load_tasks('mbpp-hub')
    monkeypatch.setitem(sys.modules, 'datasets', None)
    with pytest.raises(InputError, match=r'llmr\[hub\]'): load_tasks('mbpp-hub')


def test_figure_1_is_drawn():
    texts = [text.get_text() for text in plot_system().axes[0].texts]
    assert 'yes' in texts and 'no' in texts and len(texts)>=7


def test_mbpp_from_a_folder(recorded_data):
    tasks = load_tasks('mbpp')
    assert tasks.split.value_counts().to_dict()==dict(train=374, validation=90, test=500)
    assert tasks.tests.str.len().eq(3).mean()>.99 and np.all(np.diff(tasks.task_id)>0)


def test_prompts_are_the_authors(recorded_data):
    prompts = {format_prompt(*row) for row in load_tasks('mbpp')[['text', 'tests', 'setup']].itertuples(index=False)}
    theirs = [json.loads(line)['prompt'] for line in (recorded_data/'tjbai-llmr'/'1b_8b_wins.jsonl').read_text(encoding='utf-8').splitlines()]
    assert len(theirs)==374 and set(theirs)<=prompts, DATA_ENV
