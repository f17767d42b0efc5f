"Inputs of EvalPlus: both layouts, answers as text, tolerance, special rules."
import math

import pytest

from llmr.core import InputError
from llmr.evalplus import (
    EXPECT, Inputs, expected_tests, humaneval_plus_task, mbpp_plus_task, restore_inputs, source_of)

NAMES: dict = {}
exec(EXPECT, NAMES)
FILE = dict(task_id='Mbpp/9001', prompt='"""\nDouble.\n"""', entry_point='double', atol=0, base_input=[[1]],
            plus_input=[[2.5], [[3]]], canonical_solution='def double(x): return 2*x')
HUB = dict(task_id=9001, prompt='Double.', code='def double(x): return 2*x', test_list=['assert double(1)==2'],
           test='import numpy as np\ninputs = [[1], [(2, 3)], [float("nan")], [-inf]]\nresults = [2]\n'
                'for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(double(*inp), exp, 0.0001)')


@pytest.mark.parametrize('value,right,atol,same', [
    (1+1e-9, 1., 0, True), (1.1, 1., 0, False), (1.05, 1., .1, True), (2, 1, 0, False), (True, 1, 0, True),
    ([1.+1e-9, 2.], [1., 2.], 0, True), ((1.,), [1.], 0, False), ([1.], [1., 1.], 0, False), ('a', 1., 0, False),
    (math.inf, math.inf, 0, True), (5., math.inf, .1, False), (math.nan, math.nan, 0, True), (None, 1., 0, False),
    ([1, [2.+1e-9]], [1, [2.]], 0, False), ({'a': 1.}, {'a': 1.}, 0, True)])
def test_what_is_near(value, right, atol, same):
    "Exact first; a tolerance for numbers with a point and flat lists of them, or where the task has one."
    try: NAMES['llmr_expect'](value, [right], atol)
    except (AssertionError, TypeError): assert not same
    else: assert same


@pytest.mark.parametrize('value', [
    None, 1.5, 'a\'b', b'x', (1,), (), [], {}, set(), {1, (2,)}, frozenset(), frozenset({3}), {'k': [None]}, 3+4j,
    range(3), [math.inf, -math.inf]])
def test_values_come_back(value):
    text = source_of(value)
    back = eval(text, {})
    assert back==value and type(back) is type(value)


def test_a_number_too_long_for_decimals(): assert eval(source_of(-7**9999), {})==-7**9999


def test_values_that_are_no_plain_data():
    with pytest.raises(InputError, match='function'): source_of([lambda: 1])


def test_large_values_are_packed():
    _, (test,) = expected_tests(Inputs(('f()',), ('',), 0), [[list(range(200_000))]])
    assert 'llmr_unpack' in test and len(test)<1_000_000
    exec(test, NAMES | dict(f=lambda: list(range(200_000))))
    with pytest.raises(AssertionError): exec(test, NAMES | dict(f=lambda: list(range(200_001))))


def test_the_layout_of_the_file():
    task = mbpp_plus_task('f, line 1', FILE)
    assert task['inputs'].calls==('double(1)', 'double(2.5)', 'double([3])') and not task['tests']
    assert task['reference']==FILE['canonical_solution'] and task['text']=='Double.'


def test_the_layout_of_the_hub():
    task = mbpp_plus_task('f, line 1', HUB)
    assert task['inputs'].calls==('double(1)', 'double((2, 3))', 'double(float("nan"))', 'double(float("-inf"))')
    assert (task['task_id'], task['entry_point'], task['inputs'].atol)==('Mbpp/9001', 'double', 1e-4)
    assert task['text']=='Double.\nassert double(1)==2'


def test_types_that_json_lacks():
    assert restore_inputs(252, [['1j']])==[[1j]] and restore_inputs(2, [[[1], [2]]])==[[(1,), (2,)]]
    assert mbpp_plus_task('f, line 1', FILE | dict(task_id='Mbpp/2'))['inputs'].calls[-1]=='double((3,))'


def test_an_empty_object_stands_for_no_inputs():
    assert mbpp_plus_task('f, line 1', FILE | dict(plus_input={}))['inputs'].calls==('double(1)',)
    with pytest.raises(InputError, match='f, line 1.*no input'):
        mbpp_plus_task('f, line 1', FILE | dict(plus_input={}, base_input=[]))


@pytest.mark.parametrize('change,message', [
    (dict(entry_point=3), 'entry_point is int'), (dict(atol=None), 'atol is NoneType'),
    (dict(base_input='1'), 'base_input is str'), (dict(entry_point='a b'), 'name of a function')])
def test_a_wrong_field_is_named(change, message):
    with pytest.raises(InputError, match=f'f, line 1: .*{message}'): mbpp_plus_task('f, line 1', FILE | change)


@pytest.mark.parametrize('name', ['task_id', 'prompt', 'entry_point', 'canonical_solution', 'plus_input', 'atol'])
def test_a_missing_field_is_named(name):
    record = {key: value for key,value in FILE.items() if key!=name}
    with pytest.raises(InputError, match=f"f, line 1: no field '{name}'"): mbpp_plus_task('f, line 1', record)


@pytest.mark.parametrize('test', ['def', 'x = 1', 'inputs = [f()]'])
def test_a_damaged_test_of_the_hub(test):
    with pytest.raises(InputError, match='f, line 1: test'): mbpp_plus_task('f, line 1', HUB | dict(test=test))


def test_humaneval_plus_keeps_the_helpers_of_the_prompt():
    prompt = 'def helper(x): return x\n\ndef double(x):\n    "Double."\n'
    record = FILE | dict(task_id='HumanEval/9', prompt=prompt, canonical_solution='    return 2*helper(x)\n')
    task = humaneval_plus_task('f, line 1', record)
    assert task['setup'].startswith('def helper') and task['reference']==prompt+'    return 2*helper(x)\n'
    with pytest.raises(InputError, match="no function 'triple'"):
        humaneval_plus_task('f, line 1', record | dict(entry_point='triple'))
