"Tests from inputs: what counts as equal, and solutions without a value."
import numpy as np
import pytest

from llmr.core import InputError
from llmr.evalplus import TOLERANT, input_call
from llmr.execution import Program, run_programs
from llmr.inputs import evaluate, evaluations, tolerant_tests


@pytest.mark.parametrize('value,expected,same', [
    (1+1e-9, 1., True), (1., 1, True), (1.1, 1., False), (1, 2, False), ('1', 1., False),
    (5., np.inf, False), (-np.inf, np.inf, False), (np.inf, np.inf, True), (np.inf, 5., False),
    (np.nan, np.nan, True), (1., np.nan, False), (1j, 1j+1e-9, True), (1j, 1., False),
    ([1.], [np.inf], False), ((1.,), [1.], False), ([1., 2.], [1.], False), ([1, [2+1e-9]], [1, [2.]], True),
    ({'a': 1.}, {'a': 1+1e-9}, True), ({'a': 1.}, {'b': 1.}, False)])
def test_what_is_close(value, expected, same):
    names = {}
    exec(TOLERANT, names)
    assert names['close'](value, expected, 0.)==same


def test_a_tolerance_of_its_own():
    setup, tests = tolerant_tests('def half(x): return x/2', 'half', [[1]], atol=.1)
    programs = [Program(f'def half(x): return {value}', tuple(tests), setup) for value in (.55, .65)]
    assert [grade.tests for grade in run_programs(programs, workers=1)]==[('passed',), ('failed',)]


def test_an_expression_without_a_value_is_named():
    with pytest.raises(InputError, match="'1/0' has no value: ZeroDivisionError. Fix the code"):
        evaluate('', ['1', '1/0'])
    with pytest.raises(InputError, match="'x' has no value: SyntaxError"): evaluate('def', ['x'])
    first = evaluations([('x = 1', ['x']), ('', ['x'])])
    assert next(first)==[1]
    with pytest.raises(InputError, match="'x' has no value: NameError"): next(first)


def test_calls_read_as_python():
    assert input_call('f', [(1,), {'a': {2}}, 'x'])=="f((1,), {'a': {2}}, 'x')" and input_call('f', [])=='f()'
