"Tests that prompts show: what counts as one, and what does not; and answers that are run on them."
import time

import pytest

from llmr.prompt_tests import Checker, answer_text, find_tests


@pytest.mark.parametrize('text,tests', [
    ('Write f.', ()), ('', ()), ('assert', ()), ('assert True\nassert len([]) == 0', ()), ('assert f(', ()),
    ('Your code should pass:\n\nassert f("a\\n") == 1\nassert f(2) == 2, "msg"',
     ('assert f("a\\n") == 1', 'assert f(2) == 2, "msg"')),
    ('1. assert f(1) == 2\n2) assert f(2) == 3', ('assert f(1) == 2', 'assert f(2) == 3')),
    ('assert f([\n  1,\n]) == 1\nThanks!', ('assert f([\n  1,\n]) == 1',)),
    ('def f(x):\n    """Double.\n\n    >>> f(2)\n    4\n    >>> f("a")\n    \'aa\'\n    """\n',
     ('assert (f(2)) == 4', "assert (f(\"a\")) == 'aa'")),
    ('>>> f(2)\n4\"\"\"', ('assert (f(2)) == 4',)), ('```\n>>> f(2)\n4\n```', ('assert (f(2)) == 4',)),
    ('>>> f(1)\n1\n2', ()), ('>>> print(f(2))\n4', ()), ('>>> f(2)\n', ()), ('>>> import f\n>>> f.x(1)\n2', ()),
    ('f(1, 2) -> 3', ('assert f(1, 2) == 3',)), ('f(1) == 2', ('assert f(1) == 2',)),
    ('Example: f([1, 2], k=1) => [2]', ('assert f([1, 2], k=1) == [2]',)),
    ('`f("x")` should return `"xx"`, and `f(1)` is `2`.', ("assert f(\"x\") == 'xx'", 'assert f(1) == 2')),
    ('f(x) -> int', ()), ('def f(x) -> 3', ()), ('What is f(2)?', ()), ('len("ab") -> 2', ()), ('if f(1) is None:', ()),
    ('f(1) returns __import__("os")', ()), ('see f(n) = n', ()),
    # what somebody calls wrong, or says to be so today
    ('Currently f(2) returns 3.', ()), ('f(2) -> 3  # wrong', ()), ('f(2) -> 3. This is not right.', ()),
    ('It should not be that f(2) is 3', ()), ('Bug: f(2) -> 3', ()),
    ('Actual: f(2) -> 3\nExpected: f(2) -> 4', ('assert f(2) == 4',)),
    ('I get f(2) -> 3; I want f(3) -> 9', ()), ('f(2) -> 3\nf(2) -> 4\nf(1) -> 1', ('assert f(1) == 1',)),
    ('**Current, buggy output:**\nf(2) -> 3\nf(3) -> 4\nWrite it so that\nf(4) -> 16', ('assert f(4) == 16',)),
    ('This is what my broken code says:\n\n>>> f(2)\n3\n\nIt should say:\n\n>>> f(2)\n4', ('assert (f(2)) == 4',)),
    ('assert f(2) == 3  # incorrect', ()), ('These should not pass:\nassert f(2) == 3', ()),
    ('x = 3\nassert f(x) == 3', ()), ('f(x) returns None', ()), ('If x is empty, f(x) is False.', ()),
    # and what is not
    ('My code fails these tests:\nassert f(2) == 4', ('assert f(2) == 4',)),
    ('Keep what is not prime.\nf([1, 2]) -> [2]', ('assert f([1, 2]) == [2]',)),
    ('If the list is not sorted, f([2, 1]) returns [1, 2].', ('assert f([2, 1]) == [1, 2]',)),
    ('assert f(2) == 4, "must not be 3"', ('assert f(2) == 4, "must not be 3"',)),
    ('assert f([%s]) == 1' % ('1, '*900), ('assert f([%s]) == 1' % ('1, '*900),)),
    ('assert not f(2)', ('assert not f(2)',)), ('assert f(math.pi) == Point(1)', ('assert f(math.pi) == Point(1)',)),
    ('assert all(f(x) for x in [1]) and f(lambda y: y)', ('assert all(f(x) for x in [1]) and f(lambda y: y)',))])
def test_what_a_prompt_shows(text, tests): assert find_tests(text)==tests


@pytest.mark.parametrize('unit', ['a()->', 'f("(") -> ', 'f(1) is ', '`f(1)`->1 ', 'assert f(\n', '>>> f(1)\n1\n', '-',
                                  'f(f(f(1))) returns ', 'f(1) -> 1\nassert f(2)==\n', 'Wrong:\n'])
def test_a_prompt_made_to_take_long(unit):
    "Processor time: what grew with the cube of a line took minutes."
    begun = time.process_time()
    find_tests(((unit*990)[:990]+'\n')*50)
    assert time.process_time()-begun<1


def test_no_more_than_a_few_and_each_once():
    assert find_tests('assert f(1) == 1\n'*5)==('assert f(1) == 1',)
    assert len(find_tests('\n'.join(f'assert f({i}) == 1' for i in range(99))))==30


@pytest.mark.parametrize('body,streams', [
    (b'', False), (b'null', False), (b'[]', False), (b'{"choices": null}', False), (b'{"choices": [{}]}', False),
    (b'{"choices": [{"message": null}]}', False), (b'{"choices": [{"index": 1, "text": "x"}]}', False),
    (b'data: {', True), (b'data: 3\n\n', True), (b'data: [DONE]\n\n', True), (b'event: x\n\n', True), (b'\xff', False)])
def test_answers_without_text(body, streams): assert answer_text(body, streams)==''


def test_answers_in_parts_and_of_completions():
    parts = b'{"choices": [{"index": 0, "message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}]}}]}'
    assert answer_text(parts, False)=='ab' and answer_text(b'{"choices": [{"text": "x"}]}', False)=='x'
    events = (b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "delta": "a"}\n\n'
              b'data: {"type": "response.completed", "response": {}}\r\n\r\n')
    assert answer_text(events, True)=='a'


def test_tests_that_mean_harm_run_behind_the_walls(tmp_path):
    "A client writes the prompt, so what it shows is as little trusted as the program."
    place = tmp_path/'harm'
    tests = (f'assert f(open({str(place)!r}, "w").write("x")) == 1',
             f'assert f(__import__("os").mkdir({str(place)!r})) is None',
             f'assert f(1) == 1 and __import__("os").system("touch {place}") == 0', 'assert f(1) == 1')
    assert find_tests('\n'.join(tests))==tests
    checker = Checker(1)
    try: words = checker.submit('def f(x): return x', tests).result(60)
    finally: checker.close()
    assert not place.exists() and words[3]=='passed' and 'passed' not in words[:3]


def test_programs_that_misbehave_are_judged_and_the_next_one_runs():
    checker = Checker(1)
    try:
        for code in ('import os\nos._exit(0)', 'def f('):
            word, = checker.submit(f'```python\n{code}\n```', ('assert f(1) == 1',)).result(30)
            assert word!='passed'
        assert checker.submit('def f(x): return x', ('assert f(1) == 1',)).result(30)==['passed']
    finally: checker.close()
