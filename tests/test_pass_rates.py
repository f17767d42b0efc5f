"Both counts of passed tests."
import pandas as pd
import pytest

from llmr.core import InputError
from llmr.pass_rates import mode_rates, pass_rates, table1_counts, total_pass_rate


@pytest.fixture
def outcomes():
    "Three programs: one ran, one was stopped in its last test, one did not compile."
    programs = [('ran', ['passed', 'failed', 'failed', 'error']),
                ('timeout', ['passed', 'passed', 'passed', 'timeout']), ('module_error', ['not_run']*4)]
    about = dict(split='test', model='m', sample=0, n_tests=4)
    return pd.DataFrame([about | dict(task_id=k, n_passed=tests.count('passed'), tests=tests, status=status)
                         for k,(status, tests) in enumerate(programs)])


def test_both_counts_by_hand(outcomes):
    assert total_pass_rate(outcomes)==4/12 and total_pass_rate(outcomes, 'table1')==2/4
    assert table1_counts(outcomes)[['n_counted', 'n_passed_table1']].to_numpy().tolist()==[[4, 2], [0, 0], [0, 0]]
    message = "unknown definition 'both' of the total pass rate; choose from every_test, table1"
    with pytest.raises(InputError, match=message):
        total_pass_rate(outcomes, 'both')


def test_rates_are_counted_for_each_split_and_model(outcomes):
    rates = pass_rates(pd.concat([outcomes, outcomes.head(1).assign(split='train')]))
    assert rates.drop(columns='model').values.tolist()==[['test', 3, 1/3, 4/12, 2/4], ['train', 1, 1., 1/4, 2/4]]


def test_modes_are_columns_in_their_order(outcomes):
    regrades = pd.concat([outcomes.assign(mode=mode, n_passed=n) for n,mode in ((4, 'lenient'), (2, 'names_bound'))])
    rates = mode_rates(outcomes, regrades)
    assert list(rates)==['split', 'model', 'strict', 'names_bound', 'lenient']
    assert rates.iloc[0, 2:].tolist()==[4/12, 6/12, 1.]
