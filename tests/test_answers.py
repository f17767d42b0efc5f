"Programs in answers: reasoning, fences, several blocks, no blocks."
import time

import pandas as pd
import pytest
from chat_answers import ANSWERS, CLASSES, GOOD, NO_PROGRAM, fence
from later_versions import SIX, THREE, TRUTH, VERSIONS
from wrapped_answers import CALLS, TODAY, TODAY_CLASSES, TODAY_NONE, VALUES

from llmr.answers import (
    called_names, continued_program, extract_for, extract_program, extract_programs, finish_reason)
from llmr.core import InputError
from llmr.expressions import extract_expression

ANSWERS, CLASSES, NO_PROGRAM = ANSWERS | TODAY, CLASSES | TODAY_CLASSES, NO_PROGRAM | TODAY_NONE
TESTS = ([1, 2, 3], 6), ([], 0), ([-1, 1], 0)


def functions(answer, *entry_points):
    "What the extracted program defines."
    names = {}
    exec(extract_program(answer, entry_points).code, names)
    return names


@pytest.mark.parametrize('name', ANSWERS)
def test_the_program_that_is_given_in_the_end(name):
    add_up = functions(ANSWERS[name], 'add_up')['add_up']
    assert [add_up(xs) for xs,_ in TESTS]==[total for _,total in TESTS]


def test_versions_that_a_model_calls_wrong_or_right():
    "Later versions that correct, and those that do not."
    wrong = []
    for name,answer in VERSIONS.items():
        try: add_up = functions(answer, 'add_up')['add_up']
        except (KeyError, SyntaxError): add_up = repr
        if [add_up(xs) for xs,_ in TESTS]!=[total for _,total in TESTS]: wrong.append(name)
    assert not wrong


@pytest.mark.parametrize('name', CLASSES)
@pytest.mark.parametrize('entry_point', ['Solution.add_up', 'Solution().add_up', 'add_up'])
def test_a_class_with_the_method(name, entry_point):
    assert functions(CLASSES[name], entry_point)['Solution']().add_up([1, 2])==3


@pytest.mark.parametrize('name', NO_PROGRAM)
def test_an_answer_without_a_program(name): assert extract_program(NO_PROGRAM[name], ['add_up'])==('', 'none')


@pytest.mark.parametrize('name', ANSWERS)
def test_without_knowing_what_is_called(name):
    "Versions of one function are told from parts of a program by their names alone."
    assert extract_program(ANSWERS[name]).code


def test_handed_answers(cases):
    paths = sorted((cases/'answers').glob('*.txt'))
    assert len(paths)>=10
    for path in paths:
        add_up = functions(path.read_text(), 'add_up')['add_up']
        assert [add_up(xs) for xs,_ in TESTS]==[total for _,total in TESTS], path.name


def test_what_does_not_compile_is_kept():
    "It fails when it is run; another block does not take its place unseen."
    broken = 'def add_up(xs):\n    return sum(xs'
    assert extract_program(fence(broken), ['add_up'])==(broken, 'fenced')
    assert extract_program(f'```python\n{broken}', ['add_up']).code==broken
    newer = 'def add_up[T: int](xs: list[T]) -> T:\n    return sum(xs)'
    assert extract_program(f'Here:\n\n{fence(newer)}\nDone.', ['add_up']).code==newer
    assert extract_program(fence('def sum_all(xs): return sum(xs)'), ['add_up']).code.startswith('def sum_all')


def test_white_space_stays():
    "It may be inside a string."
    code = 'def f():\n    text = """a\n   \n b  """\n    \n    return text'
    assert extract_program(fence(code), ['f']).code==code
    assert functions(f'- {fence(code)}'.replace('\n', '\n  '), 'f')['f']()=='a\n   \n b  '
    assert functions(f'So:\n\n{code}', 'f')['f']()=='a\n   \n b  '


def test_a_program_that_reads_its_input():
    script, usage = 'n = int(input())\nprint(2*n)', 'echo 3 | python main.py'
    assert extract_program(f'{fence(script)}\nRun it:\n{fence(usage, "bash")}').code==script
    draft = 'import sys\nprint(sys.stdin.read())'
    assert extract_program(f'{fence(draft)}\nThat is wrong; corrected:\n{fence(script)}').code==script
    solve = 'def solve(n): return 2*n'
    read = 'print(solve(int(input())))'
    assert extract_program(f'{fence(solve)}\n{fence(read)}').code==f'{solve}\n\n{read}'


def test_a_script_in_parts():
    solve = 'def solve():\n    print(2*int(input()))'
    for caller in ('solve()', 'if __name__ == "__main__":\n    solve()'):
        assert extract_program(f'{fence(solve)}\nRun it:\n{fence(caller)}').code==f'{solve}\n\n{caller}'
    read, shown = 'import sys\nxs = sys.stdin.read().split()', 'print(len(xs))'
    assert extract_program(f'{fence(read)}\nthen\n{fence(shown)}').code==f'{read}\n\n{shown}'
    local = 'import io, sys\nsys.stdin = io.StringIO("1")\nsolve()'
    assert extract_program(f'{fence(solve+chr(10)+"solve()")}\nTo test:\n{fence(local)}').code==f'{solve}\nsolve()'


def test_names_that_tests_call():
    assert called_names(['assert f(g(1)) == len([1])', 'assert h']) == ['f', 'g']
    assert called_names(['def check(candidate):\n    assert candidate(1)\ncheck(f)'], 'f')==['f']
    assert called_names(['not python', '{"input": "1"}'])==[]


def test_a_frame():
    tasks = pd.DataFrame([dict(task_id=7, tests=['assert add_up([1]) == 1'], entry_point=None)])
    texts = pd.DataFrame(dict(task_id=[7, 7], text=[ANSWERS['withdrawn'], '']), index=[5, 3])
    programs = extract_programs(texts, tasks)
    assert programs.code.tolist()==[GOOD, ''] and programs.how.tolist()==['fenced', 'none']
    assert programs.index.tolist()==[5, 3]
    with pytest.raises(InputError, match='row 1, task 7.*should be text'):
        extract_programs(texts.assign(text=['', 3.]), tasks)


@pytest.mark.parametrize('text', ['```\n'*20_000, '`'*300_000, '<think>'*50_000, 'def f(:\n'*20_000, '"""\n```\n'*5_000,
                                  'x = 1\nword\n'*20_000, '(((('*20_000, 'a\0b', '```python\n"""\n'+'```\nx\n'*5_000,
                                  'It returns '*9_000, 'f(1) = '*3_000, '`x = 1` '*20_000, 'So. It is. '*9_000,
                                  '\\boxed{'*9_000])
def test_long_and_odd_answers_end_soon(text):
    start = time.process_time()
    extract_program(text, ['f'])
    extract_expression(text, 'value', 'f(1)')
    assert time.process_time()-start<20


def test_continuing_a_fence():
    assert continued_program('\nx = 1\n```\nDone.')=='x = 1'
    assert continued_program('x = 1')=='x = 1' and continued_program('```')==''
    assert [finish_reason(n) for n in (511, 512, 513)]==['stop', 'length', 'length']


@pytest.mark.parametrize('answer', VALUES)
def test_an_expression_that_is_a_value(answer): assert extract_expression(answer).code=='[1, 2]'


@pytest.mark.parametrize('answer', CALLS)
def test_an_expression_that_is_a_call(answer): assert extract_expression(answer, 'call').code=='f(3)'


def test_the_side_that_a_task_asks_for():
    row = lambda test: pd.Series(dict(tests=[test], entry_point='answer', test_kind='expression'))
    assert extract_for('f(3) == 5', row('assert f(3) == answer')).code=='5'
    assert extract_for('f(3) == 5', row('assert answer == 5')).code=='f(3)'
    assert extract_expression('I cannot tell.')==('', 'none')
    with pytest.raises(InputError, match='should be text'): extract_expression(None)


def test_what_a_call_gives():
    lines = lambda text: text.replace(' | ', '\n')
    given = {text: extract_expression(lines(text), 'value', 'f(3)').code for text in SIX.strip().splitlines()}
    assert not {text: code for text,code in given.items() if code!='6'}
    given = {text: extract_expression(lines(text), 'call', '6').code for text in THREE.strip().splitlines()}
    assert not {text: code for text,code in given.items() if code!='f(3)'}
    assert [extract_expression(text).code for text,_ in TRUTH]==[code for _,code in TRUTH]
