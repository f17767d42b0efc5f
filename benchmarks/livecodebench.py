"""LiveCodeBench's way of checking a program that reads standard input, in this project's words.

A manager and a process for each program (`compute_code_generation_metrics.py`), in a pool of processes. In the process
the program becomes the body of a function behind star imports, which is called for each case with patched streams and
an alarm, up to the first case that fails (`testing_util.py`). It is no sandbox, and the process has the answers. To
compare the same work, it can run all cases; `bare` does without the manager.
"""
import ast
import io
import multiprocessing
import os
import signal
import sys
from decimal import Decimal, InvalidOperation
from types import ModuleType
from unittest.mock import mock_open, patch

TIMEOUT_S = 6
MODULES = '''string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys
json'''.split()
HEAD = ''.join(f'from {name} import *\nimport {name}\n' for name in MODULES)+'sys.setrecursionlimit(50000)\n'


class Late(Exception): pass


def late(*_): raise Late


def as_function(code):
    "Source of a module in which a program is the body of a function, behind its imports."
    tree = ast.parse(code)
    last = tree.body[-1]
    if isinstance(last, ast.If) and ast.unparse(last.test)=="__name__ == '__main__'": tree.body[-1:] = last.body
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    function = ast.parse('def wrapped_function(): pass').body[0]
    function.body = [node for node in tree.body if node not in imports]
    return '\n'.join([HEAD, *map(ast.unparse, imports), ast.unparse(ast.fix_missing_locations(function))])


def numbers(line):
    try: return list(map(Decimal, line.split()))
    except InvalidOperation: return None


def same(printed, expected):
    "Stripped lines, then decimals."
    lines, wanted = ([line.strip() for line in text.strip().split('\n')] for text in (printed, expected))
    return len(lines)==len(wanted) and all(
        a==b or numbers(a) is not None and numbers(a)==numbers(b) for a, b in zip(lines, wanted))


def printed(function, text):
    "What a function prints that reads a text."
    lines, output = iter(text.split('\n')), io.StringIO()
    with (patch('builtins.open', mock_open(read_data=text)), patch('sys.stdin', io.StringIO(text)),
          patch('sys.stdin.readline', lambda *_: next(lines)), patch('sys.stdin.read', lambda *_: text),
          patch('sys.stdin.readlines', lambda *_: text.split('\n')), patch('sys.stdout', output)):
        try: function()
        except SystemExit: pass
    return output.getvalue()


def run_cases(code, cases, result, stops=True):
    "What the process of a program does: it stops at the first case that fails, or runs all."
    signal.signal(signal.SIGALRM, late)
    module, passed = ModuleType('tmp_sol'), []
    try:
        signal.alarm(TIMEOUT_S)
        exec(as_function(code), module.__dict__)
        for case in cases:
            signal.alarm(TIMEOUT_S)
            try: passed.append(same(printed(module.wrapped_function, case['input']), case['output']))
            except Exception: passed.append(False)
            if stops and not passed[-1]: break
    except Exception: passed.append(False)
    finally: signal.alarm(0)
    result.append(passed)


def check(code, cases, stops=True):
    "Whether a program passes all of its cases."
    sys.set_int_max_str_digits(50000)
    result = multiprocessing.Manager().list()
    process = multiprocessing.Process(target=run_cases, args=(code, cases, result, stops))
    process.start()
    process.join((TIMEOUT_S+1)*len(cases)+5)
    if process.is_alive(): process.kill()
    passed = list(result)
    return bool(passed) and len(passed[0])==len(cases) and all(passed[0])


def bare(code, cases):
    "The same, of all cases, in a forked process without a manager and a pool: the least that this way can take."
    sys.set_int_max_str_digits(50000)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        result = []
        try: run_cases(code, cases, result, False)
        finally:
            os.write(writing, bytes(result[0]) if result else b'')
            os._exit(0)
    os.close(writing)
    with open(reading, 'rb') as file: passed = file.read()
    os.waitpid(child, 0)
    return len(passed)==len(cases) and all(passed)
