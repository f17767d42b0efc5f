"Causes of failed answers: one each, and never a fault of the model where it is one of the setup."
import pandas as pd
import pytest

from llmr.failures import CAUSES, failure_causes, failure_table, failure_text, missing_packages, plot_failures


def answer(status='ran', tests=('failed',), errors=('AssertionError',), **completion):
    "An outcome and its completion."
    key = dict(task_id=1, model='A', sample=0)
    outcome = dict(status=status, tests=list(tests), errors=list(errors), n_tests=len(tests),
                   n_passed=list(tests).count('passed'))
    completion = dict(text='x', code='x', finish_reason='stop') | completion
    return pd.DataFrame([key | outcome]), pd.DataFrame([key | completion])


NOT_RUN = dict(tests=['not_run'], errors=['SyntaxError'], status='syntax_error')

@pytest.mark.parametrize('made,cause,detail', [
    (dict(finish_reason='length', **NOT_RUN), 'cut', 'max_tokens'), (dict(text=' \n', code=''), 'empty', ''),
    (dict(text='I cannot.', code=''), 'no_program', ''), (NOT_RUN, 'not_compiled', 'SyntaxError under Python 3.12'),
    (NOT_RUN | dict(errors=['SyntaxError under Python 3.11']), 'not_compiled', 'SyntaxError under Python 3.11'),
    (dict(status='module_error', tests=['not_run'], errors=['ModuleNotFoundError'], code='import numpy, torch.nn'),
     'package', 'torch'),
    (dict(tests=['passed', 'error'], errors=['', 'ImportError'], code='import os'), 'package', 'not known'),
    (dict(status='timeout', tests=['passed', 'timeout'], errors=['', 'Timeout']), 'timeout', ''),
    (dict(status='killed', tests=['not_run'], errors=['SIGKILL']), 'killed', ''),
    (dict(tests=['memory', 'failed'], errors=['MemoryError', 'AssertionError']), 'memory', ''),
    (dict(tests=['error', 'error'], errors=['KeyError', 'KeyError']), 'error', 'KeyError'),
    (dict(tests=['error', 'failed'], errors=['KeyError', 'AssertionError']), 'wrong', ''),
    (dict(tests=['passed'], errors=[''], finish_reason='length'), '', '')])
def test_the_cause_of_an_answer(made, cause, detail):
    outcomes, completions = answer(**made)
    row = failure_causes(outcomes, completions, ['numpy'], '3.12').iloc[0]
    assert (row.cause, row.detail)==(cause, detail)


def test_without_answers():
    "Outcomes of another tool have no text, and recorded ones have lost it."
    outcomes, completions = answer()
    assert failure_causes(outcomes).cause.tolist()==['wrong']
    assert failure_causes(outcomes, completions.assign(text=None, code=None)).cause.tolist()==['wrong']


def test_shares_by_model():
    causes = pd.DataFrame(dict(task_id=range(6), model=list('AAAABB'), sample=0, detail='',
                               cause=['', 'cut', 'cut', 'wrong', '', '']))
    table = failure_table(causes)
    assert table[['model', 'cause', 'answers', 'share']].values.tolist()==[['A', 'cut', 2, .5], ['A', 'wrong', 1, .25]]
    assert table.of_failures.sum()==1 and 'A: 75.0% of the answers failed' in failure_text(table)
    assert all(cause in CAUSES for cause in table.cause)
    plot_failures(table)


def test_nothing_failed():
    table = failure_table(pd.DataFrame(dict(task_id=[1], model='A', sample=0, cause='', detail='')))
    assert not len(table) and failure_text(table)==''
    plot_failures(table)


def test_packages_of_a_program():
    code = 'import os.path\nfrom . import near\ndef f():\n    import torch\n    from numpy import array\n'
    assert missing_packages(code)==['torch', 'numpy']
