"Programs that share a process, and those that must not."
import importlib
import json
import sys
import time
import types

import pytest
from llmr.execution import Limits, Program, run_programs
from llmr.sandbox.harmless import ATTRIBUTES, MODULES, REFUSED, SCRIPT_ATTRIBUTES, is_harmless
from llmr.sandbox.rewrite import SUPPLIED

PLAIN = ['def add(a, b): return a+b', 'import math\nfrom collections import Counter\ndef f(x): return Counter(x)',
         'def f(xs):\n    try: return sorted(xs, key=lambda x: -x)\n    except TypeError as e: raise ValueError(e)',
         'def f(x): return f"{x:.2f}" + "{:>5} {}".format(x, 1)', 'import re\nf = re.compile("a+").findall',
         'from functools import lru_cache\n@lru_cache(None)\ndef f(n): return n if n<2 else f(n-1)+f(n-2)',
         'if __name__ == "__main__":\n    print(max([1]))', 'def f(n):\n    global x\n    x = [n]\n    yield from x']
OTHER = ['class A: pass', 'import os', 'from sys import modules', 'import sys\nsys.setrecursionlimit(9)', 'open("x")',
         'import math\nmath.pi = 3', 'import math\nfor math.pi in [3]: pass', 'import math\ndel math.pi',
         'import math\nmath.__dict__["pi"] = 3', 'def f(): pass\nf.__globals__', '"{0.__class__}".format(1)',
         '"{:{0.real}}".format(1)', 'x = "{0.real}"\nx.format(1)', '"{a[0]}".format_map({})', 'getattr(1, "real")',
         'vars()', 'globals()', 'eval("1")', '__builtins__', 'import math as __builtins__', 'type("A", (), {})',
         'from math import *', 'from . import x', 'import re\nre.functools', 'from operator import attrgetter',
         'from functools import update_wrapper', 'match 1:\n    case int(real=x): pass', 'async def f(): pass',
         'with x: pass', 'try: pass\nexcept Exception as __builtins__: pass', 'def f(__name): pass', 'input()',
         'raise SystemExit', 'import random', 'exit()', 'os.remove("x")', 'statistics.log(2)',
         'def f():\n    try: yield 1\n    finally: pass',
         'def f():\n    try:\n        for x in [1]: yield x\n    except: pass',
         'def f(x: open): pass', '@property\ndef f(): pass', 'x = (']


def test_what_is_harmless():
    assert [source for source in PLAIN if not is_harmless(source)]==[]
    assert [source for source in OTHER if is_harmless(source)]==[]


def test_names_that_modes_import_are_on_the_list():
    assert {name for name, module in SUPPLIED.items() if name not in (MODULES[module] if module else MODULES)}<=REFUSED


def test_a_long_source_is_read_quickly():
    start = time.process_time()
    assert is_harmless('x = "class"'+'\n'*19_900) and time.process_time()-start<1


def test_nothing_that_can_be_changed_is_within_reach():
    "Follow every name that a harmless program may use from every module that it may import."
    def reached(thing): return [(name, getattr(thing, name)) for name in ATTRIBUTES if hasattr(thing, name)]
    left, seen = [(name, importlib.import_module(name)) for name in MODULES], set()
    while left:
        path, thing = left.pop()
        if id(thing) in seen: continue
        seen.add(id(thing))
        assert not isinstance(thing, (dict, list, set, bytearray)), path
        if isinstance(thing, types.ModuleType): assert thing.__name__.strip('_') in MODULES, path
        if isinstance(thing, (types.ModuleType, type)):
            left += [(f'{path}.{name}', one) for name, one in reached(thing)]


def test_only_harmless_programs_share_a_process():
    "A program that looks has a process in which nothing else ran; the next harmless one does not notice it."
    tests = ('assert add(1, 2) == 3',)
    looks = 'import os\ndef add(a, b): return -os.getpid()'
    spoils = 'import math\nmath.floor = lambda x: 9\ndef add(a, b): return 3'
    floors = 'import math\ndef add(a, b): return math.floor(a+b+.5)'
    sources = ['def add(a, b): return a+b', looks, floors, spoils, floors, looks, floors]
    grades = list(run_programs([Program(source, tests) for source in sources], workers=1))
    assert [grade.tests for grade in grades]==[(word,) for word in
        ('passed', 'failed', 'passed', 'passed', 'passed', 'failed', 'passed')]


def test_a_harmless_program_that_is_unusual_is_run_again_alone():
    add, tests = 'def add(a, b): return a+b', ('assert add(1, 2) == 3', 'assert add(5, 7) == 12')
    loops = 'def add(a, b):\n    while a>1: pass\n    return a+b'
    fills = 'def add(a, b): return 3 if a==1 else len([0]*10**10)'
    deep = 'def add(a, b): return add(a, b)'
    grades = list(run_programs([Program(source, tests) for source in (add, loops, add, fills, add, deep, add)],
                               Limits(cpu_s=.5), workers=1))
    assert [grade.tests for grade in grades]==[
        ('passed',)*2, ('passed', 'timeout'), ('passed',)*2, ('passed', 'memory'), ('passed',)*2, ('error',)*2,
        ('passed',)*2]
    assert grades[5].errors==('RecursionError',)*2 and .4<grades[1].cpu_s<1.5


@pytest.mark.parametrize('leaves', [
    'z = bytes(900<<20)\ndef f(): return 3', 'def f():\n    a = [bytes(900<<20)]\n    a.append(a)\n    return 3',
    'from typing import List\ndef g(a=bytes(900<<20)): return a\nz = List[g]\ndef f(): return 3'])
def test_memory_that_a_harmless_program_leaves_is_not_missed_by_the_next(leaves):
    needs = 'def f():\n    try: return len([0]*(3*10**7))//10**7\n    except Exception: return 7'
    tests = ('assert f() == 3',)
    grades = list(run_programs([Program(source, tests) for source in (leaves, needs, leaves, needs)], workers=1))
    assert [grade.tests for grade in grades]==[('passed',)]*4


@pytest.mark.parametrize('mode', ['strict', 'lenient'])
def test_modes_and_setup_code_of_programs_that_share_a_process(mode):
    setup = 'LIMIT = 3\ndef helper(x): return x+1'
    programs = [Program('def inc(x): return helper(x)', ('assert inc(2) == LIMIT',), setup, mode),
                Program('def inc(x): return LIMIT', ('assert inc(2) == 3',), '', mode)]*2
    words = [grade.tests for grade in run_programs(programs, workers=1)]
    assert words==[('passed',), ('error',)]*2


SCRIPTS = ['n = int(input())\nprint(2*n)', 'import sys\nfor line in sys.stdin: sys.stdout.write(line)', 'exit()',
           'import sys\ninput = sys.stdin.buffer.readline\nsys.setrecursionlimit(10**6)\nprint(input())',
           'from sys import stdin, exit\nprint(stdin.read())\nexit(0)', 'raise SystemExit']
OTHER_SCRIPTS = ['import sys\nsys.stdin = 3', 'import sys\nsys.modules', 'import os', 'open(0)', 'from sys import path',
                 'import sys\nsys.stdout.buffer.raw', 'import sys\nsys.stdin.close()', 'class A: pass',
                 'import sys as input\ndel input.x', 'import sys\nsys.settrace(print)',
                 'from sys import setrecursionlimit as __builtins__']


def test_what_is_harmless_in_a_script():
    assert [source for source in SCRIPTS if not is_harmless(source, script=True)]==[]
    assert [source for source in PLAIN if not is_harmless(source, script=True)]==[]
    assert [source for source in OTHER_SCRIPTS if is_harmless(source, script=True)]==[]
    assert [source for source in SCRIPTS if is_harmless(source)]==[]
    kinds = dict, list, types.ModuleType
    assert not [name for name in SCRIPT_ATTRIBUTES if isinstance(getattr(sys, name, None), kinds)]


def script(source, *cases):
    return Program(source, tuple(json.dumps(dict(input=text, output=out)) for text,out in cases), kind='stdin')


def test_scripts_that_share_a_process_share_nothing_else():
    deep = 'def f(n): return n and f(n-1)\ntry: print(f(5000))\nexcept RecursionError: print("deep")'
    sources = {'import sys\nsys.setrecursionlimit(10**4)\ninput = sys.stdin.readline\nx = print\nprint(input())': '7',
               deep: 'deep', 'try: print(x)\nexcept NameError: print(input(), end="")': '7',
               'import sys\nprint(sys.stdin.read(), file=sys.stderr)\nsys.stdout.write("7")\nsys.exit(3)': '7',
               'import os\nprint(len(os.listdir(".")))': '0', 'print("7", input())\nraise ValueError': None}
    grades = list(run_programs([script(source, ('7', out or '7'), ('7\n8\n', out or '7')) for source,out
                                in [*sources.items()]*2], workers=1))
    words = [grade.tests for grade in grades]
    assert words==([('passed',)*2]*5+[('error',)*2])*2 and grades[-1].errors==('ValueError',)*2
    assert grades[6].cpu_s<grades[4].cpu_s # which had a process of its own


def test_each_case_of_a_shared_script_has_limits_of_its_own():
    source = 'n = int(input())\nwhile n==2: pass\nprint(n)'
    grade, = run_programs([script(source, ('1', '1'), ('2', '2'), ('3', '3'))], Limits(cpu_s=.3), workers=1)
    assert (grade.status, *grade.tests)==('timeout', 'passed', 'timeout', 'not_run')
    source = 'n = int(input())\nfor _ in range(n): hash(())\nprint(n)' # together more than a case may take
    grade, = run_programs([script(source, *[('3000000', '3000000')]*8)], Limits(cpu_s=.9), workers=1)
    assert set(grade.tests)=={'passed'} and grade.cpu_s>.2


def test_a_script_that_is_unusual_is_run_again_alone():
    sources = ['print(input())', 'while True: pass', 'x = [0]*10**10', 'print("x"*(20<<20))', 'print(input())', 'x = (']
    grades = list(run_programs([script(source, ('3', '3')) for source in sources], Limits(cpu_s=.4), workers=1))
    assert [grade.status for grade in grades]==['ran', 'timeout', 'ran', 'killed', 'ran', 'syntax_error']
    assert [grade.tests[0] for grade in grades]==['passed', 'timeout', 'memory', 'killed', 'passed', 'not_run']
