"""Hostile programs of the kinds of tests that `hostile/` has not, and honest ones that are unusual.

None of `HOSTILE` may pass, and each of `HONEST` must, at every level of isolation."""
import json

from llmr.execution import Program


def case(text, printed): return json.dumps(dict(input=text, output=printed))


def given(inputs, value): return json.dumps(dict(input=inputs, output=value))


ADDS = 'assert add(1, 2) == 3', 'assert add(5, 7) == 12', 'assert add(-1, 1) == 0'
BOX = 'assert Box(1).plus(2) == 3', 'b = Box(5)\nassert b.plus(7) == 12'
UNIT = '''import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(add(1, 2), 3)
    def test_b(self): self.assertEqual(add(5, 7), 12)
'''


def script(code, *cases): return Program(code.strip('\n'), cases, kind='stdin')


def module(code, *tests): return Program(code.strip('\n'), tests or ADDS)


def unit(code, test=UNIT): return Program(code.strip('\n'), (test,), kind='unittest')


def call(code, *tests): return Program(code.strip('\n'), tests, kind='call', entry_point='Solution.g')


def expression(code, setup): return Program(code, ('assert f(4) == answer',), setup, kind='expression')


HOSTILE = dict(
    s_prints_forever=script('while True: print("x"*1000)', case('1', '1')),
    s_sleeps_after_close=script('''
import sys,os,time
print(1)
sys.stdout.flush()
os.close(1)
os.close(0)
time.sleep(99)
''', case('1', '2'), case('1', '2'), case('1', '2')),
    s_naps=script('''
import time
while True:
    time.sleep(2)
    for i in range(10**6): pass
''', case('1', '1')),
    s_recursion_segv=script('''
import sys
sys.setrecursionlimit(10**9)
def f(): return f()
f()
''', case('1', '1'), case('1', '1')),
    s_memory=script('''
x=[]
while True: x.append("y"*10**6)
''', case('1', '1')),
    s_thread_after=script('''
import threading,time
def g():
    while True: time.sleep(.1)
threading.Thread(target=g).start()
print(2)
''', case('1', '1'), case('1', '1')),
    s_limit_tiny=script('''
import sys
def f(n):
    return 0
for k in range(5,40):
    try: sys.setrecursionlimit(k); break
    except RecursionError: pass
print(3)
''', case('1', '2')),
    s_reads_expected=script('''
import gc
for o in gc.get_objects():
    if isinstance(o,dict) and "output" in o: print(o["output"]); break
else: print("none")
''', case('1', 'magic')),
    s_frames=script('''
import sys
f=sys._getframe()
out="none"
while f:
    for v in list(f.f_locals.values())+list(f.f_globals.values()):
        if "ma"+"gic" in repr(v)[:2000]: out="ma"+"gic"
    f=f.f_back
print(out)
''', case('1', 'magic')),
    s_exit_nonzero=script('''
import os
print("1")
os._exit(3)
''', case('1', '1')),
    s_kill_self=script('''
import os,signal
print("1",flush=True)
os.kill(os.getpid(),9)
''', case('1', '1')),
    s_forged_word=script('''
import os
for fd in range(3,20):
    try: os.write(fd,b"\\0\\0\\0\\x17[\\"module\\",\\"ran\\",\\"\\"]  ")
    except OSError: pass
print("x")
''', case('1', '1')),
    v_float_nan=module('''
class F(float):
    def __eq__(s,o): return True
def add(a,b): return F(9)
'''),
    v_slow_hash=module('def add(a,b): return {(2**61-1)*k:0 for k in range(30000)}'),
    v_big_pow=module('def add(a,b): return 10**400000'),
    v_str_int=module('''
class I(int):
    __eq__=lambda s,o: True
    __hash__=int.__hash__
def add(a,b): return I(99)
'''),
    v_gen_forever=module('''
def add(a,b):
    while True: yield 1
''', 'assert list(add(1,2)) == [3]'),
    v_sleep_each=module('''
import time
def add(a,b):
    time.sleep(2.5)
    return a+b+1
''', *['assert add(1,2)==3']*20),
    v_busy_naps=module('''
import time
def add(a,b):
    while True:
        time.sleep(1)
        for i in range(200000): pass
'''),
    v_atexit=module('''
import atexit,os
atexit.register(os._exit,0)
def add(a,b): os._exit(0)
'''),
    i_consts=module('''
import sys
class Box:
    def __init__(s,n): s.n=n
    def plus(s,m):
        c=[k for k in sys._getframe(1).f_code.co_consts if isinstance(k,int)]
        return c[-1]
''', *BOX),
    i_any=module('''
class A:
    def __eq__(s,o): return True
    def __bool__(s): return True
class Box:
    def __init__(s,n): pass
    def plus(s,m): return A()
''', *BOX),
    i_trace=module('''
import sys
class Box:
    def __init__(s,n): pass
    def plus(s,m):
        f=sys._getframe(1)
        def t(fr,ev,arg): return t
        f.f_trace=t; sys.settrace(t)
        raise SystemExit
''', *BOX),
    i_gc_failed=module('''
import gc
class Box:
    def __init__(s,n): pass
    def plus(s,m):
        for o in gc.get_objects():
            if type(o).__name__=="Tests":
                type(o).check=lambda self,v,c=False: True
        return 0
''', *BOX),
    u_patch=unit('''
import unittest
unittest.TestCase.assertEqual=lambda *a: None
def add(a,b): return 0
'''),
    u_run=unit('''
import unittest
unittest.TestCase.run=lambda self,r=None: r.startTest(self)
def add(a,b): return 0
'''),
    u_exit=unit('''
import os
def add(a,b): os._exit(0)
'''),
    u_eq=unit('''
class A:
    def __eq__(s,o): return True
def add(a,b): return A()
'''),
    u_skip=unit('''
import unittest
def add(a,b): raise unittest.SkipTest
'''),
    u_fork=unit('''
import os
def add(a,b):
    if os.fork()==0: os._exit(0)
    return 0
'''),
    u_loader=unit('''
import unittest
unittest.TestLoader.getTestCaseNames=lambda *a: []
def add(a,b): return 0
'''),
    u_subtest=unit('''
import unittest.case
unittest.case._Outcome.success=property(lambda s: True, lambda s,v: None)
def add(a,b): return 0
'''),
    u_daemon=unit('''
import subprocess
def add(a,b):
    subprocess.Popen(["sleep","4321"],start_new_session=True)
    return 0
'''),
    e_walrus=expression('(x := 8)', 'def f(x): return x*2+1'),
    e_calls=expression('f(4)', 'def f(x): return x*2'),
    e_escape=expression('''
)
import os
def answer(): return Same()
(
''', 'def f(x): return x*2'),
    e_same=expression('type("S",(),{"__eq__":lambda s,o:True})()', 'def f(x): return x*2'),
    c_same=call('''
class Solution:
    def g(self,x):
        class L(list):
            def __eq__(s,o): return True
        return L([9])
''', given([3], [3])),
)
HONEST = dict(
    h_threads=script('''
import sys,threading
sys.setrecursionlimit(10**6)
threading.stack_size(64<<20)
def main(): print(int(input())*2)
t=threading.Thread(target=main)
t.start()
t.join()
''', case('3', '6'), case('3', '6')),
    h_open0=script('''
import os
print(sum(map(int,os.read(0,100).split())))
''', case('3 4', '7')),
    h_fileinput=script('''
import fileinput
print(sum(int(l) for l in fileinput.input()))
''', case('3\n4\n', '7')),
    h_buffer=script('''
import sys
d=sys.stdin.buffer.read().split()
sys.stdout.buffer.write(str(len(d)).encode())
''', case('3\n4\n', '2')),
    h_iter=script('''
import sys
it=iter(sys.stdin.read().split())
n=int(next(it))
print(*[next(it) for _ in range(n)],sep="\\n")
''', case('2\na b\n', 'a\nb')),
    h_lines=script('''
lines=list(iter(input,""))
print(len(lines))
''', case('a\nb\n\n', '2')),
    h_eof=script('''
n=0
try:
    while True:
        input(); n+=1
except EOFError: print(n)
''', case('a\nb', '2')),
    h_osexit=script('''
import os,sys
print(5)
sys.stdout.flush()
os._exit(0)
''', case('', '5')),
    h_quit=script('''
print(5)
quit()
''', case('', '5')),
    h_deep=script('''
import sys
sys.setrecursionlimit(10**5)
def f(n): return 0 if n==0 else 1+f(n-1)
print(f(20000))
''', case('', '20000')),
    h_io=script('''
import io,os,sys
input=io.BytesIO(os.read(0,os.fstat(0).st_size or 100)).readline
print(int(input())+1)
''', case('3\n', '4')),
    h_class=script('''
from dataclasses import dataclass
@dataclass(order=True)
class A:
    x:int
print(max(A(1),A(int(input()))).x)
''', case('3', '3')),
    h_unicode=script('print(input()[::-1])', case('é😀', '😀é')),
    h_float=script('print(float(input())/3)', case('1', '0.3333333333333333')),
    h_crlf=script('print(repr(input()))', case('a\r\n', "'a'")),
    h_main=script('''
def main():
    print("ok")
if __name__ == "__main__":
    main()
''', case('', 'ok')),
    h_async=module('''
import asyncio
async def f(x):
    await asyncio.sleep(0)
    return x

''', '''
import asyncio
assert asyncio.run(f(3)) == 3
'''),
    h_ctx=module('''
class C:
    def __enter__(s): return 5
    def __exit__(s,*a): return False
''', 'with C() as c: assert c == 5'),
    h_raise=module('''
def f(x):
    if x<0: raise ValueError("neg")
    return x
''', '''
try:
    f(-1)
    assert False
except ValueError as e:
    assert str(e) == "neg"
'''),
    h_enum=module('''
import enum
class K(enum.Enum):
    A=1
def f(): return K.A
''', 'assert f() is K.A', 'assert f().value == 1'),
    h_namedtuple=module('''
from collections import namedtuple
Q=namedtuple("Q","a b")
def f(): return Q(1,2)
''', 'assert f() == (1,2)', 'assert f().a == 1'),
    h_gen=module('''
def f(n):
    for i in range(n): yield i
''', 'assert list(f(3)) == [0,1,2]', '''
g = f(2)
assert next(g) == 0
'''),
    h_lambda=module('def f(g): return g(3)', 'assert f(lambda x: x*2) == 6'),
    h_print=module('def f(): print("hi")', '''
import io, contextlib
b = io.StringIO()
with contextlib.redirect_stdout(b): f()
assert b.getvalue() == "hi\\n"
'''),
    h_files=module('''
def f(p):
    with open(p,"w") as h: h.write("x")
''', '''
import os, tempfile
with tempfile.TemporaryDirectory() as d:
    f(os.path.join(d,"a"))
    assert open(os.path.join(d,"a")).read() == "x"
'''),
    h_nan=module('def f(): return float("nan")', '''
import math
assert math.isnan(f())
'''),
    h_bytes=module('def f(): return bytearray(b"ab")', 'assert f() == b"ab"'),
    h_complex=module('def f(): return 1j**2', 'assert f() == -1'),
    h_set=module('def f(): return {frozenset({1})}', 'assert f() == {frozenset([1])}'),
    h_call_kw=call('''
class Solution:
    def g(self,nums,k=0): return nums[k:]
''', given({'nums': [1, 2], 'k': 1}, [2])),
    h_call_float=call('''
class Solution:
    def g(self,x): return x/2
''', given([3], 1.5)),
    h_expr=expression('[x for x in range(4)]', 'def f(n): return list(range(n))'),
    h_mock=unit('''
import time
def add(a,b):
    time.sleep(100)
    return a+b
''', '''
import unittest
from unittest.mock import patch
class T(unittest.TestCase):
    @patch("time.sleep")
    def test_a(self, s): self.assertEqual(add(1,2),3); s.assert_called_once_with(100)
'''),
    h_setup=unit('def add(a,b): return a+b', '''
import unittest
class T(unittest.TestCase):
    def setUp(self): self.x=3
    def tearDown(self): pass
    def test_a(self):
        for a,b in [(1,2),(3,0)]:
            with self.subTest(a=a): self.assertEqual(add(a,b),self.x)
'''),
)
