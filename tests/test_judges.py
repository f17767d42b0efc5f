"The two judges, and the kinds of tests that they read."
import json
import os
import sys
from pathlib import Path

import pytest
from llmr.core import InputError
from llmr.execution import Limits, Program, grade_programs, isolation_levels, run_programs

QUIET = dict(workers=1, on_progress=lambda done, total: None)
LEVELS = [level for level in isolation_levels() if level!='rlimits']


def graded(*programs, **limits):
    "Grades under the strongest level; each program costs no more than its limits."
    grades = list(run_programs(programs, Limits(**limits), workers=1))
    for grade in grades: assert grade.wall_s<=3*len(grade.tests)+6, grade
    return grades


def passed(*programs, **limits): return [grade.tests for grade in graded(*programs, **limits)]


def case(given, printed): return json.dumps(dict(input=given, output=printed))


# ---- standard input and output

SUM = 'import sys\nprint(sum(map(int, sys.stdin.read().split())))'
CASES = case('1 2\n', '3\n'), case('5 7', '12')


def test_a_script_reads_and_prints():
    by_input = 'a, b = map(int, input().split())\nif __name__=="__main__": print(a+b, end="")'
    exits = SUM+'\nsys.exit(0)'
    wrong = SUM.replace('sum(', '1+sum(')
    programs = [Program(source, CASES, kind='stdin') for source in (SUM, by_input, exits, wrong, 'x = (')]
    results = graded(*programs)
    assert [grade.tests for grade in results[:4]]==[('passed',)*2]*3+[('failed',)*2]
    assert results[4].status=='syntax_error' and {grade.judge for grade in results}=={'values'}


@pytest.mark.parametrize('printed,expected,word', [
    ('1.50 2', '1.5 2.0', 'passed'), (' a \n b ', 'a\nb', 'passed'), ('a\nb', 'a b', 'failed'), ('1', '1\n2', 'failed'),
    ('YES', 'yes', 'failed'), ('', '', 'passed'), ('x'*300_000, 'x'*300_000, 'passed')])
def test_output_is_compared_by_lines_and_decimals(printed, expected, word):
    program = Program(f'print({printed!r})', (case('', expected),), kind='stdin')
    assert passed(program)==[(word,)]


def test_scripts_that_misbehave():
    reads_parent = '''
import glob
for path in glob.glob("/proc/*/mem")+glob.glob("/proc/*/cmdline"):
    try: print(open(path, "rb").read())
    except OSError: pass
'''
    sleeps, floods = 'import time\ntime.sleep(99)', 'while True: print("y"*100_000)'
    no_end = 'import os\nos.write(1, b"3")\nos._exit(1)'
    forged = '''
import os
for d in range(3, 64):
    try: os.write(d, b'\\0\\0\\0\\x13["module","ran",""]')
    except OSError: pass
'''
    results = graded(*[Program(source, CASES, kind='stdin') for source in (reads_parent, sleeps, floods, no_end,
        forged)])
    assert not any('passed' in grade.tests for grade in results)
    assert results[1].status=='timeout' and results[2].status in ('timeout', 'killed')


def test_a_large_input_is_read():
    text = ' '.join(map(str, range(200_000)))
    assert passed(Program(SUM, (case(text, str(sum(range(200_000)))),), kind='stdin'))==[('passed',)]


# ---- calls

def call_case(args, output): return json.dumps(dict(input=args, output=output))


def test_calls_of_functions_and_methods():
    cases = call_case([[1, 2], 1], [2, 3]), call_case([[], 5], [])
    method = 'class Solution:\n    def move(self, xs, k): return tuple(x+k for x in xs)'
    function = 'def move(xs, k): return [x+k for x in xs]'
    wrong = 'class Solution:\n    def move(self, xs, k): return xs'
    programs = [Program(method, cases, entry_point='Solution.move', kind='call'),
                Program(function, cases, entry_point='move', kind='call'),
                Program(wrong, cases, entry_point='Solution.move', kind='call'),
                Program(method, cases, entry_point='move', kind='call', mode='lenient')]
    assert passed(*programs)==[('passed',)*2, ('passed',)*2, ('failed', 'passed'), ('passed',)*2]


# ---- unittest

MODULE = '''
import unittest
class TestAdd(unittest.TestCase):
    def test_small(self): self.assertEqual(add(1, 2), 3)
    def test_large(self): self.assertEqual(add(10, 20), 30)
'''
PATCHES = 'import unittest\nunittest.TestCase.assertEqual = lambda *_: None\ndef add(a, b): return 0'
EXITS = 'import unittest, sys\nunittest.TestCase.tearDown = lambda self: sys.exit(0)\ndef add(a, b): return 0'
STREAMS = 'import sys, io\nsys.stdout = sys.stderr = io.StringIO("OK")\ndef add(a, b): return 0'
CODE = 'import os, atexit\natexit.register(os._exit, 0)\ndef add(a, b): os._exit(0)'
LATER = 'import unittest\ndef add(a, b):\n    unittest.TestCase.assertEqual = lambda *_: None\n    return 0'
EQUAL = '''
class Same(int):
    def __eq__(self, other): return True
def add(a, b): return Same()
'''
RESULT = '''
import unittest
unittest.TestResult.addFailure = unittest.TestResult.addError = lambda *_: None
def add(a, b): return 0
'''


def test_unittest_modules():
    right, wrong = 'def add(a, b): return a+b', 'def add(a, b): return 3'
    first, second = graded(*[Program(source, (MODULE,), kind='unittest') for source in (right, wrong)])
    assert (first.tests, first.judge)==(('passed',), 'inside') and second.tests==('failed',)


@pytest.mark.parametrize('source', [PATCHES, EXITS, STREAMS, CODE, LATER, EQUAL, RESULT])
def test_unittest_is_not_forged(source):
    assert passed(Program(source, (MODULE,), kind='unittest'))[0]!=('passed',)


# ---- unittest with processes

STARTS = """
import unittest
class TestRun(unittest.TestCase):
    def test_run(self): self.assertEqual(run(), 'right')
"""
SHELL = """import subprocess, sys
def run():
    word = subprocess.run('echo right | cat', shell=True, capture_output=True, text=True).stdout.strip()
    code = f'print({word!r})'
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout.strip()"""
SERVER = """import socket, threading
def run():
    server = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=lambda: server.accept()[0].sendall(b'right')).start()
    return socket.create_connection(server.getsockname()).recv(9).decode()"""
POOL = """import multiprocessing
def run():
    with multiprocessing.get_context('fork').Pool(2) as pool: return ''.join(pool.map(str, ['ri', 'ght']))"""
BOMB = """import os
def run():
    while True:
        try: os.fork()
        except OSError: pass"""
FILLS = """import subprocess, sys
def run():
    hold = [sys.executable, '-c', 'import time; x = bytearray(300<<20); time.sleep(60)']
    for process in [subprocess.Popen(hold) for _ in range(8)]: process.wait()"""
DAEMON = """import os, time
def run():
    if os.fork(): return 'right'
    os.setsid()
    while True:
        with open('/tmp/left', 'w') as file: file.write('x')
        time.sleep(.01)"""
LOOKS = """import os, time
def run():
    time.sleep(.1)
    return 'right' if os.listdir('/tmp')==[] else 'left'"""
KILLS = """import os
def run():
    for target in (1, 0):
        try: os.kill(target, 9)
        except PermissionError: pass
    os.kill(-1, 9)"""
NEW_USER = """import subprocess
def run(): return 'right' if subprocess.run(['unshare', '-U', 'true'], capture_output=True).returncode else 'entered'"""


def test_processes_are_held():
    if 'namespaces' not in LEVELS: pytest.skip('this machine does not allow namespaces')
    sources = dict(shell=SHELL, server=SERVER, pool=POOL, bomb=BOMB, fills=FILLS, daemon=DAEMON, looks=LOOKS,
                   kills=KILLS, new_user=NEW_USER, after=LOOKS)
    programs = [Program(source, (STARTS,), kind='unittest') for source in sources.values()]
    grades = dict(zip(sources, run_programs(programs, Limits(wall_s=2.), 1, 'namespaces')))
    words = {name: grade.tests[0] for name, grade in grades.items()}
    assert words.pop('fills') in ('memory', 'timeout') and words.pop('bomb') in ('killed', 'timeout')
    assert words.pop('kills')!='passed'
    assert set(words.values())=={'passed'}, grades


def test_processes_can_be_forbidden():
    program = Program(SHELL, (STARTS,), kind='unittest')
    assert passed(program, processes=0)==[('error',)]


def test_canaries_know_what_does_not_run():
    test = """
import unittest
class TestF(unittest.TestCase):
    def test_raises(self):
        with self.assertRaises(ValueError):
            x = f(-1)
            self.assertEqual(x, 3)
    def test_loop(self):
        self.assertEqual(f(1), 1)
        for x in []: self.assertEqual(x, 3)
"""
    code = 'def f(x):\n    if x<0: raise ValueError\n    return x'
    assert passed(Program(code, (test,), kind='unittest'))==[('passed',)]


# ---- an expression

def test_an_expression_stands_for_a_name():
    given, test = 'def f(x): return x*2', ('assert f(4) == answer',)
    programs = [Program(code, test, given, kind='expression') for code in ('8', '7', 'f(4)', 'Same()')]
    assert passed(*programs)==[('passed',), ('failed',), ('error',), ('error',)]


# ---- which judge

def test_tests_choose_their_judge():
    add = 'def add(a, b): return a+b'
    tests = dict(values='assert add(1, 2) == 3', inside='import threading; assert add(1, 2) == 3')
    for judge, test in tests.items(): assert graded(Program(add, (test,)))[0].judge==judge
    assert graded(Program(add, (tests['values'],), judge='inside'))[0].judge=='inside'


def test_swallowed_assertions_and_equal_objects_fail_inside():
    swallows = 'class T:\n    v = 9\n    def __enter__(self): return self\n    def __exit__(self, *_): return True'
    equal = 'class Box:\n    def __init__(self, n): self.n = n\n    def __eq__(self, other): return True'
    first, second = graded(Program(swallows, ('with T() as t: assert t.v == 3',)),
                           Program(equal, ('assert Box(1) == Box(2)',)))
    assert first.tests==('failed',) and (second.tests, second.errors)==(('failed',), ('Canary',))


def test_sharing_is_not_hidden():
    rows = Program('def grid(n): return [[0]*n]*n', ('g = grid(2); g[0][0] = 1; assert g[1][0] == 0',))
    same = Program('def order(xs):\n    xs.sort()\n    return xs',
                   ('xs = [2, 1]; assert order(xs) is xs and xs == [1, 2]',))
    assert passed(rows, same)==[('failed',), ('passed',)]


def test_an_interpreter_that_does_not_start_is_named():
    with pytest.raises(InputError, match="python '/nowhere/python'"):
        grade_programs([Program('x = 1', ('assert 1',))], limits=Limits(python='/nowhere/python'), **QUIET)
    assert passed(Program('def f(): return 1', ('assert f() == 1',)), python=sys.executable)==[('passed',)]


# ---- programs of the shared folder: honest ones, and an attack

def attack(name):
    "Programs of one kind. The folder lies beside the data, or beside this repository."
    data = Path(os.environ.get('LLMR_DATA') or Path(__file__).parents[2]/'shared'/'data')
    path = data.parent/'adversarial'/f'round2_{name}.json'
    if not path.exists(): pytest.skip(f'no {path}')
    return json.loads(path.read_text())


def programs(rows, canary):
    code = [row['code'].replace('@CANARY@', canary) for row in rows]
    return [Program(text, tuple(row['tests']), row.get('setup') or '', entry_point=row.get('entry_point'))
            for text, row in zip(code, rows)]


@pytest.mark.parametrize('level', LEVELS)
def test_unusual_honest_programs_pass(level):
    rows = attack('honest')
    for row, grade in zip(rows, run_programs(programs(rows, ''), workers=1, isolation=level)):
        assert [word=='passed' for word in grade.tests]==row['pass'], (row['name'], grade)


@pytest.mark.parametrize('level', LEVELS)
def test_an_attack_is_held(level, tmp_path):
    (tmp_path/'folder').mkdir()
    (tmp_path/'secret').write_text('CANARY')
    before = sorted(tmp_path.rglob('*'))
    rows = attack('hostile')
    for row, grade in zip(rows, run_programs(programs(rows, str(tmp_path)), workers=1, isolation=level)):
        assert grade.wall_s<=5+1, (row['name'], grade)
        if row['name'] in ('test_removes_folder', 'test_execs'): continue # right is what plain Python does outside
        assert [word=='passed' for word in grade.tests]==row['pass'], (row['name'], grade)
    assert sorted(tmp_path.rglob('*'))==before


# ---- handed cases: an honest program and a test that passes in plain Python

LENIENT = dict(class_solution='NameError: tests call f, the program defines Solution.f',
               typing_not_imported='NameError') # what strict grading says


@pytest.mark.parametrize('level', LEVELS)
def test_handed_programs(level, cases):
    folders = sorted((cases/'tests').iterdir())
    assert len(folders)>=9
    for folder in folders:
        code, test = [(folder/f'{name}.py').read_text() for name in ('program', 'test')]
        programs = [Program(code, (test,), mode=mode) for mode in ('strict', 'lenient')]
        strict, lenient = run_programs(programs, Limits(packages=('numpy',)), 1, level)
        if folder.name=='pep695' and sys.version_info<(3, 12): assert 'under Python 3.' in strict.error
        elif folder.name in LENIENT:
            assert strict.errors==(LENIENT[folder.name],) and lenient.tests==('passed',) and lenient.changed
        else: assert strict.tests==lenient.tests==('passed',), folder.name


# ---- objects of a class, and programs that foresee a wrong value

OBJECT = '''class P:
    def __init__(self, x=1): self.x = x
    def __repr__(self): return f'P({self.x})'
    def __len__(self): return 3
    def __bool__(self): return False
    def __contains__(self, y): return True
    def __getitem__(self, i): return i
    def __call__(self, y): return y
    def __iter__(self): return iter([1, 2])
    def __hash__(self): return 5
    def __eq__(self, other): return self.x==other.x
def make(): return P()'''
USES = ['repr(P(1))=="P(1)"', 'f"{P()}"=="P(1)"', 'len(P())==3', 'not P()', '1 in P()', 'P()[1]==1', 'P()(1)==1',
        'sum(P())==3', 'hash(P(1))==hash(P(1))', 'len({P(1), P(1)})==1', 'P(2)==P(2)']


def test_what_is_done_with_objects_is_done_beside_the_program():
    grades = graded(*(Program(OBJECT, (f'assert {use}',)) for use in USES))
    assert {grade.tests for grade in grades}=={('passed',)} and {grade.judge for grade in grades}=={'inside'}


@pytest.mark.parametrize('test', ['assert str(make())=="P(1)"', 'x = make(); assert f"{x}"=="P(1)"',
                                  'assert repr(make())=="P(1)"'])
def test_the_text_of_a_result_is_made_beside_the_program(test):
    (grade,) = graded(Program(OBJECT, (test,)))
    assert grade.tests==('passed',) and grade.judge=='inside'


def test_an_object_where_a_test_expects_data_is_an_error(): # not a wrong answer
    (grade,) = graded(Program(OBJECT, ('assert make()+1==2',)))
    assert grade.errors==('TypeError',) and grade.judge=='values'


@pytest.mark.parametrize('kind,wrong,right', [('int', 'o%2==0', '4'), ('str', 'not o.endswith("~")', '"abc"'),
                                              ('int', 'o<100_000', '3'), ('str', 'len(o)==3', '"abc"')])
def test_a_wrong_value_cannot_be_foreseen(kind, wrong, right):
    code = f'class E({kind}):\n    __eq__ = lambda s, o: {wrong}\nclass Q:\n    def f(self): return E("0")'
    (grade,) = graded(Program(code, (f'assert Q().f()=={right}',)))
    assert grade.errors==('Canary',)


def test_a_condition_may_leave_an_assertion_out():
    test = 'import sys\nassert A().x==1\nif sys.platform=="none":\n    assert A().x==2'
    assert passed(Program('class A: x = 1', (test,)))==[('passed',)]


@pytest.mark.parametrize('code', [
    'import sys\nassert "r" in sys.stdin.mode and "w" in sys.stdout.mode\nprint(input())',
    'import atexit\nx = input()\natexit.register(lambda: print(x))',
    'import sys\nprint(input())\nsys.stdin.close()\nsys.stdout.close()',
    'with open("/dev/stdin") as f, open("/dev/stdout", "w") as g: g.write(f.read())'])
def test_scripts_that_use_their_streams_in_unusual_ways(code):
    assert passed(Program(code, (case('3\n', '3'),), kind='stdin'))==[('passed',)]


def test_a_sandbox_that_cannot_be_started_names_the_interpreter(monkeypatch):
    def fails(*_): raise OSError(17, 'Python lies below /tmp')
    monkeypatch.setattr('llmr.execution.Pool', fails)
    with pytest.raises(InputError, match='no sandbox of level rlimits .*Python lies below /tmp.*another interpreter'):
        list(run_programs([Program('x = 1', ('assert 1',))], isolation='rlimits'))


def test_setup_code_may_import_what_is_not_installed():
    setup = 'import absent_package\nfrom absent_package import Thing\nLIMIT = 3\ndef helper(x): return x+1'
    fine, needs = graded(Program('def f(x): return helper(x)', ('assert f(2) == LIMIT',), setup),
                         Program('def f(x): return Thing(x)', ('assert f(2) == 3',), setup))
    assert fine.tests==('passed',) and needs.errors==('NameError',)
