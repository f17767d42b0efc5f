"Agreement of samples: calls, values, votes; and what is refused."
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.agreement import agreement_trials, canonical, possible_votes, run_answers, shipped_answers
from llmr.agreement import test_call as call_of
from llmr.cascade import auroc_row
from llmr.core import InputError
from llmr.evaluation import bootstrap_weights
from llmr.runs import Pair, get_pairs, get_profile
from llmr.trials import visible_test_trials

PAIR = Pair('A', 'B')


def test_votes_take_the_largest_class_and_pay_for_all():
    results = ['failed failed', 'passed passed', 'passed passed', 'error error']
    words = {('A', 1, s): text for s,text in enumerate(results)} | {('B', 1, s): 'passed passed' for s in range(4)}
    trials = visible_test_trials(outcomes_of(words, 'train'), PAIR, 'train')
    classes = [[1, 0], [0, 1], [0, 1], [-1, -1]]
    answers = pd.DataFrame(dict(task_id=1, split='train', model='A', sample=range(4), classes=classes))
    four = agreement_trials(trials, answers, 4)
    assert four.agreement.tolist()==[.5, .5] and four.small_passed.tolist()==[1, 1]
    assert four.small_tokens.tolist()==[40, 40]
    two = agreement_trials(trials, answers, 2)
    assert two.agreement.tolist()==[.5]*4 and sorted(two.small_passed)==[0, 0, 1, 1]
    assert two.small_tokens.tolist()==[20]*4
    with pytest.raises(InputError, match='agreement of 5 samples, and there are 4. Choose k from 2 to 4'):
        agreement_trials(trials, answers, 5)
    with pytest.raises(InputError, match='task 1 has no answers'): agreement_trials(trials, answers[:0], 2)


def test_every_input_may_be_looked_at():
    "Two samples agree on the first input and differ on the second."
    words = {(model, 1, s): 'passed passed' for model in 'AB' for s in range(2)}
    trials = visible_test_trials(outcomes_of(words), PAIR)
    answers = pd.DataFrame(dict(task_id=1, split='test', model='A', sample=range(2), classes=[[0, 0], [0, 1]]))
    assert agreement_trials(trials, answers, 2).set_index('visible').agreement.to_dict()=={'0': 1., '1': .5}
    assert agreement_trials(trials, answers, 2, every_input=True).agreement.tolist()==[.5, .5]


def test_answers_are_numbered_by_value_and_task():
    tests = [['assert f(2) == 4', 'assert f(0) == 0'], ['assert set(g()) == {1}']]
    tasks = pd.DataFrame(dict(task_id=[1, 2], split='train', tests=tests, setup=''))
    code = {(1, 'A', 0): 'def f(x): return x*x', (1, 'A', 1): 'def f(x): return float(x+x)',
            (1, 'B', 0): 'def f(x): return 1//x', (1, 'B', 1): 'while True: pass',
            (2, 'A', 0): 'def g(): return [1, 1]', (2, 'A', 1): 'def g(:'}
    rows = [dict(task_id=task, model=model, sample=sample, code=text) for (task, model, sample),text in code.items()]
    completions = pd.DataFrame(rows)
    answers = run_answers(completions, tasks, workers=1)
    assert answers.classes.map(list).tolist()==[[0, 0], [0, 0], [1, -1], [-1, -1], [0], [-1]]
    with pytest.raises(InputError, match='task 1, model A: no text to run'):
        run_answers(completions.assign(code=None), tasks)


def test_equal_values_have_one_text():
    assert canonical(1)==canonical(True)==canonical(1.0) and canonical(.1+.2)==canonical(.3)
    assert canonical({2, 1})==canonical({1, 2}) and canonical({1: 'a', 2: 'b'})==canonical({2: 'b', 1: 'a'})
    different = [1], (1,), {1}, '1', 1, None, [[1]], 'list(1)', float('inf')
    assert len(set(map(canonical, different)))==9


def test_the_call_in_an_assert():
    assert call_of('assert f([1], 2) == [3]')=='f([1], 2)' and call_of('assert not f(2)')=='f(2)'


@pytest.mark.parametrize('test', ['x = 1', 'assert True', 'assert ('])
def test_an_assert_without_a_call_is_refused(test):
    with pytest.raises(InputError, match='so it shows no input. Leave agreement out'): call_of(test)


def test_shipped_answers_agree_with_shipped_outcomes(shipped):
    keys = ['task_id', 'split', 'model', 'sample']
    outcomes = shipped('outcomes').merge(shipped_answers(shipped('completions')), on=keys)
    assert len(outcomes)==len(shipped('outcomes')) and (outcomes.classes.map(len)==outcomes.n_tests).all()
    columns = zip(outcomes.task_id, outcomes.tests, outcomes.classes)
    rows = [(task, i, word, number)
            for task,words,numbers in columns for i,(word,number) in enumerate(zip(words, numbers))]
    rows = pd.DataFrame(rows, columns=['task', 'test', 'word', 'number'])
    passed = rows[rows.word=='passed']
    assert (passed.number>=0).all() and passed.groupby(['task', 'test']).number.nunique().max()==1
    assert (rows.number[rows.word=='error']<0).all()
    with pytest.raises(InputError, match='task 9999, model 1B: no answers come with'):
        shipped_answers(pd.DataFrame(dict(task_id=[9999], model='1B', sample=0)))


def test_agreement_separates_right_from_wrong(shipped):
    pair, answers = get_pairs(get_profile('shipped'))[0], shipped('answers')
    trials = visible_test_trials(shipped('outcomes'), pair, 'train')
    votes = agreement_trials(trials, answers[(answers.model=='1B') & (answers.split=='train')], 10)
    assert .78<auroc_row(votes, 'agreement', bootstrap_weights(374, 50))['auroc']<.87


def test_tests_that_show_no_inputs_have_no_votes():
    completions = pd.DataFrame(dict(task_id=[1]*4, model=['S', 'S', 'L', 'L']))
    def task(kind, test, **more):
        return pd.DataFrame(dict(task_id=[1], split='train', tests=[[test]], test_kind=kind) | more)
    case = task('call', '{"input": [1], "output": 2}', entry_point='Solution.f')
    assert possible_votes([2, 3], completions, case)==([2], 'Agreement of 3 is left out: 2 samples a task.')
    for kind, test in (('stdin', '{"input": "1", "output": "2"}'), ('unittest', 'x = 1'), ('assert', 'assert True')):
        counts, said = possible_votes([2], completions, task(kind, test))
        assert counts==[] and said=='Agreement is left out: the tests of 1 of 1 tasks show no inputs.'
    shipped = case.assign(tests=[None])
    assert possible_votes([2], completions, shipped)==([2], ''), 'shipped tasks have no tests, but answers'
