"Own labels and grades against the authors' files, where these are at hand."
import json

import numpy as np
import pandas as pd
import pytest

from llmr.benchmarks import load_tasks
from llmr.labels import all_labels, pair_gaps
from llmr.problem import task_prompts


@pytest.fixture(scope='module')
def labels(shipped, pairs):
    "By quality, label and pair: win rate of each train task."
    train = shipped('outcomes').query('split=="train"')
    gaps = [pair_gaps(train, pair, quality) for quality in ('standard', 'brevity') for pair in pairs]
    made = all_labels(pd.concat(gaps))
    return made.set_index(['quality', 'label', 'pair', 'task_id']).y.sort_index()


def their_labels(folder, pair, ending):
    "Targets by task id; prompts name the tasks."
    tasks = load_tasks('mbpp').query('split=="train"')
    by_prompt = dict(zip(task_prompts(tasks), tasks.task_id))
    path = folder/'tjbai-llmr'/f'{pair.name.lower().replace("-", "_")}_{ending}.jsonl'
    lines = path.read_text(encoding='utf-8').splitlines()
    targets = {by_prompt[row['prompt']]: row['target'] for row in map(json.loads, lines)}
    assert len(targets)==374
    return pd.Series(targets).sort_index()


def test_strict_standard_labels_are_theirs(recorded_data, labels, pairs):
    equal = [np.isclose(labels['standard', 'strict', pair.name], their_labels(recorded_data, pair, 'wins_simpl'))
             for pair in pairs]
    assert (np.sum(equal), np.size(equal))==(1122, 1122)


def test_brevity_labels_are_theirs_but_for_one_in_a_hundred(recorded_data, labels, pairs):
    equal = [np.isclose(labels['brevity', 'inclusive', pair.name], their_labels(recorded_data, pair, 'wins'))
             for pair in pairs]
    assert np.size(equal)==1122 and np.mean(equal)>=.99


@pytest.mark.parametrize('quality,label,means', [
    ('standard', 'inclusive', (.634, .841, .629)), ('standard', 'strict', (.068, .168, .084)),
    ('brevity', 'inclusive', (.133, .710, .257))])
def test_label_means(labels, pairs, quality, label, means):
    "Errata 5."
    tolerance = .0025 if quality=='brevity' else .0005
    for pair,mean in zip(pairs, means):
        assert labels[quality, label, pair.name].mean()==pytest.approx(mean, abs=tolerance)


def test_every_completion_has_its_outcome(shipped):
    key = ['task_id', 'model', 'sample']
    outcomes, completions = (shipped(table).sort_values(key, ignore_index=True)
                             for table in ('outcomes', 'completions'))
    assert len(outcomes)==12990
    pd.testing.assert_frame_equal(outcomes[[*key, 'n_tokens']], completions[[*key, 'n_tokens']])
    assert (outcomes.tests.str.len()==outcomes.n_tests).all()
    assert (outcomes.tests.map(lambda words: list(words).count('passed'))==outcomes.n_passed).all()
