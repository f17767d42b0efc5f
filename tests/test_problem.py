import json

import numpy as np
import pandas as pd
import pytest

from llmr.benchmarks import humaneval_task, load_tasks
from llmr.core import DATA_ENV, InputError
from llmr.problem import cost_advantage, format_prompt, plot_system, quality_gap, route, task_prompts


def test_a_score_equal_to_tau_goes_to_the_small_model():
    assert route([.2, .5, .9], .5).tolist()==[False, True, True]
    assert cost_advantage(route([.2, .5, .9], .5))==2/3
    assert quality_gap([1, 0], [.5, .5]).tolist()==[.5, -.5]
    with pytest.raises(InputError, match='tau is NaN'): route([.2], np.nan)


def test_the_setup_stands_between_sentence_and_asserts():
    assert format_prompt('Do.', ['assert f()'], 'import g').split('\n\n')[1:]==['import g', 'assert f()']
    assert format_prompt('Do.', ['assert f()']).count('\n\n')==1


def test_figure_1_is_drawn():
    texts = [text.get_text() for text in plot_system().axes[0].texts]
    assert 'yes' in texts and 'no' in texts and len(texts)>=7


def test_a_task_without_setup_has_an_empty_one():
    tasks = pd.DataFrame(dict(text=['Do.', 'Do.'], tests=[['assert f()']]*2, setup=['', None]))
    assert task_prompts(tasks)==[format_prompt('Do.', ['assert f()'])]*2


def test_prompts_are_the_authors(recorded_data):
    path = recorded_data/'tjbai-llmr'/'1b_8b_wins.jsonl'
    theirs = [json.loads(line)['prompt'] for line in path.read_text(encoding='utf-8').splitlines()]
    assert len(theirs)==374 and set(theirs)<=set(task_prompts(load_tasks('mbpp'))), DATA_ENV


def test_a_hidden_test_is_in_no_prompt():
    check = 'def check(candidate):\n    assert candidate(2) == 1\n'
    record = dict(task_id='HumanEval/1', prompt='import math\n\ndef f(x):\n    "Half."\n', entry_point='f', test=check)
    task = humaneval_task('h.jsonl', 1, record)
    prompt = format_prompt(task['text'], task['tests'], task['setup'])
    assert 'check' not in prompt and 'candidate' not in prompt and 'def f(x)' in prompt
    assert task['setup']=='import math\n\n' and task['tests'][0].endswith('check(f)')
