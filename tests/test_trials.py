import pandas as pd
import pytest

from llmr.core import InputError
from llmr.runs import Pair
from llmr.trials import visible_sets, visible_test_trials

PAIR = Pair('A', 'B')


def outcomes_of(results, split='test'):
    "`{(model, task, sample): 'passed failed ...'}` as outcomes."
    return pd.DataFrame([
        dict(task_id=task_id, split=split, model=model, sample=sample, tests=tests.split(), n_tests=len(tests.split()),
             n_tokens=10*task_id+sample)
        for (model, task_id, sample),tests in results.items()])


def test_counts_by_hand():
    "Every column of one task whose models differ on each test."
    outcomes = outcomes_of({('A', 1, 0): 'passed failed error', ('B', 1, 0): 'failed passed passed'})
    trials = visible_test_trials(outcomes, PAIR)
    assert trials.visible.tolist()==['0', '1', '2']
    assert trials.small_tests.eq(2).all() and trials.large_tests.eq(2).all()
    assert trials.small_passed.tolist()==[0, 1, 1] and trials.large_passed.tolist()==[2, 1, 1]
    assert trials.passes.tolist()==[1, 0, 0] and trials.runs.tolist()==[1, 1, 0] and trials.lead.tolist()==[1, -1, -2]
    assert trials.small_tokens.eq(10).all() and trials.large_tokens.eq(10).all()


def test_two_visible_tests_leave_one():
    outcomes = outcomes_of({('A', 1, 0): 'passed failed passed', ('B', 1, 0): 'passed passed passed'})
    trials = visible_test_trials(outcomes, PAIR, n_visible=2)
    assert trials.visible.tolist()==['0 1', '0 2', '1 2'] and trials.passes.tolist()==[.5, 1, .5]
    assert trials.small_passed.tolist()==[1, 0, 1] and trials.large_passed.eq(1).all()


def test_samples_are_paired_and_ordered():
    keys = [(model, task_id, sample) for sample in (1, 0) for task_id in (2, 1) for model in 'BA']
    trials = visible_test_trials(outcomes_of(dict.fromkeys(keys, 'passed passed'), 'train'), PAIR, 'train')
    order = [(task_id, sample, visible) for task_id in (1, 2) for sample in (0, 1) for visible in '01']
    assert list(zip(trials.task_id, trials['sample'], trials.visible))==order


@pytest.mark.parametrize('n_tests,n_visible,message', [
    (3, 0, '0 visible tests'),
    (3, 3, 'Show at most 2'),
    (3, 4, 'Show at most 2'),
    (1, 1, 'Add tests')])
def test_at_least_one_test_is_visible_and_one_hidden(n_tests, n_visible, message):
    with pytest.raises(InputError, match=message): visible_sets(n_tests, n_visible)
    outcomes = outcomes_of({(model, 7, 0): ' '.join(['passed']*n_tests) for model in 'AB'})
    with pytest.raises(InputError, match=f'task 7 .test.: {n_visible} visible tests'):
        visible_test_trials(outcomes, PAIR, n_visible=n_visible)


def test_unpaired_outcomes_are_rejected():
    unpaired = outcomes_of({('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed passed', ('A', 2, 0): 'passed passed'})
    message = 'task 2 .test., sample 0 has an outcome of only one model of A-B'
    with pytest.raises(InputError, match=message): visible_test_trials(unpaired, PAIR)
    with pytest.raises(InputError, match='task 1 .*different numbers of tests'):
        visible_test_trials(outcomes_of({('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed'}), PAIR)
    with pytest.raises(InputError, match='no outcome of A-B on split train'):
        visible_test_trials(unpaired, PAIR, 'train')
