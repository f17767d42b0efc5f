"A file of tasks with every kind of tests, and models that solve them."
import json
import re

from llmr.core import TEST_KINDS


def lines(n=6):
    "`n` tasks of each kind: what to add is a number of its own in each."
    rows = []
    for i,kind in enumerate(TEST_KINDS):
        for k in range(10*i+1, 10*i+n+1): rows.append(dict(task_id=f'{kind}/{k}', test_kind=kind, **_FIELDS[kind](k)))
    return rows


def _unittest(k):
    "A test module, as BigCodeBench has them."
    return (f'import unittest\nclass TestCases(unittest.TestCase):\n    def test_one(self):\n'
            f'        self.assertEqual(task_func(1), {k+1})\n    def test_two(self):\n'
            f'        self.assertEqual(task_func(5), {k+5})')


_FIELDS = {
    'assert': lambda k: dict(text=f'Write add(x), which adds {k}.', tests=[f'assert add(1) == {k+1}']),
    'stdin': lambda k: dict(
        text=f'Read a number on each line and print it plus {k}.',
        tests=[dict(input='1\n5\n', output=f'{k+1}\n{k+5}\n'), dict(input='0', output=f'{k}')]),
    'call': lambda k: dict(
        text=f'Write class Solution with a method add(x), which adds {k}.', entry_point='Solution.add',
        tests=[dict(input=[1], output=k+1), dict(input=[5], output=k+5)]),
    'unittest': lambda k: dict(
        text=f'Write task_func(x), which adds {k}.', entry_point='task_func', tests=[_unittest(k)]),
    'expression': lambda k: dict(
        text=f'def f(x): return x + {k}\n\nWhat is f(7)?', setup=f'def f(x): return x + {k}',
        entry_point='answer', tests=['assert f(7) == answer'])}
_PROGRAMS = {
    'Write add(': 'def add(x):\n    return x + {k}',
    'Read a': 'import sys\nfor line in sys.stdin:\n    print(int(line) + {k})',
    'Write class': 'class Solution:\n    def add(self, x):\n        return x + {k}',
    'Write task': 'def task_func(x):\n    return x + {k}',
    'def f': '7 + {k}'}


def program(model, prompt):
    "What a model writes: the large one is right, the small one where an even number is added."
    k = int(re.search(r'(?:adds|plus|return x \+) (\d+)', prompt).group(1))
    right = model=='large' or k%2==0
    return next(code for start,code in _PROGRAMS.items() if prompt.startswith(start)).format(k=k if right else -k)


def write(path, n=6):
    "The tasks as JSON lines."
    path.write_text('\n'.join(map(json.dumps, lines(n))), encoding='utf-8')
    return path
