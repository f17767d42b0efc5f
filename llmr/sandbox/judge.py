"""A worker: takes programs from the parent, has them run in the sandbox, and judges their tests here.

Test code runs in this process, on values. A name that the program defines is a `Remote`: calling it sends the arguments to
the child and brings the value back. So `assert f(2) == 4` compares here, with our `==` and our 4, and the child learns nothing
but the 2. What the program does to `==`, `assert`, builtins, frames or descriptors happens in its own process.

As far as that allows, a test sees what it would see in one process: arguments that a call changed, iterators that go on, attributes,
operators between two things of the program's, exceptions with their bases. A function that a test defines and passes is called here; of a module's, the child calls its own.
"""
import ast
import builtins
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import ValuesView
from functools import lru_cache
from itertools import count, islice

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import layers
import scratch
import wire

REPORT = struct.Struct('!idq')
TICK, QUICK_TICK = .05, .01  # seconds between looks at a running program; the quick one where nothing bounds its directory
JUDGE_S, JUDGE_BYTES = 5, 1<<30 # what judging one program may take here: a value can be made so that comparing it never ends
WORK, NAPS = .01, 4 # processor seconds that count as a sign of work; sleep in all, in units of the longest sleep
MAX_THREADS, MAX_NAME = 64, 80
MANY = 1000 # items of a test's iterator that are sent at once
NOT_RUN = 'syntax_error', 'module_error', 'memory', 'unchanged' # what a child may say of a program whose tests it does not get to


class Ended(BaseException):
    "The program is over, in the middle of the test: `kind` is timeout, memory or killed. A test that catches it, with a bare `except` or a program's `__exit__`, has no pass."
    def __init__(self, kind, error): self.kind, self.error = kind, error


class ZygoteLost(Exception):
    "The sandbox broke down; the program is run again in a new one."


class Zygote:
    "The sandbox's process, and how it is asked for children. Raises: `OSError` if the machine does not allow the level."
    def __init__(self, settings):
        self.directory = '' if settings['level']=='namespaces' else scratch.new_directory(settings['tmp_mb'], settings['packages'])
        self.control, theirs = socket.socketpair()
        settings = settings | dict(control=theirs.fileno(), directory=self.directory)
        command = [sys.executable, '-S', '-s', '-P', '-B', os.path.join(os.path.dirname(os.path.abspath(__file__)), 'zygote.py'), json.dumps(settings)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=layers.clean_environment() | dict(LD_BIND_NOW='1', MALLOC_ARENA_MAX='1'),
                                        pass_fds=[theirs.fileno()], cwd='/')
        theirs.close()
        with self.control.makefile('rb', buffering=0) as file: line = file.readline()
        error = json.loads(line).get('error') if line else 'the sandbox ended while it was set up'
        if error:
            self.close()
            raise OSError(error)

    def fork(self, channel):
        try: socket.send_fds(self.control, [b'F'], [channel.fileno()])
        except OSError: raise ZygoteLost from None

    def finish(self):
        "End the child; its wait status, CPU seconds, and largest resident set in KiB."
        try:
            self.control.sendall(b'K')
            text = self.control.recv(REPORT.size, socket.MSG_WAITALL)
        except OSError: text = b''
        if len(text)<REPORT.size: raise ZygoteLost
        return REPORT.unpack(text)

    def close(self):
        self.control.close()
        self.process.wait()
        if self.directory: layers.remove_directory(self.directory)


class Child:
    "One program in the sandbox: messages to and from it, and the limits on its time."
    def __init__(self, zygote, limits):
        self.zygote, self.limits, self.numbers = zygote, limits, count()
        self.ended = () # what `Ended` said, once it did
        self.things, self.errors, self.own, self.places = {}, {}, [], {} # of the child's by number; its types of exceptions by name; functions of the test's that it has, and their places by id
        self.channel, theirs = socket.socketpair()
        if hasattr(socket, 'SO_PASSCRED'): self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.poller = select.poll()
        self.poller.register(self.channel, select.POLLIN)
        self.scratch = zygote.directory and scratch.Scratch(zygote.directory, limits['tmp_mb']<<20)
        self.pid, self.start, self.away = 0, time.monotonic(), 0. # away: seconds that the child had nothing to do, since we were at a test
        self.checked = self.heard = self.start
        self.last = 0., 0., self.start # processor and waiting seconds, and when, at the last sign of work
        zygote.fork(theirs)
        theirs.close()
        self.pid = self.hello()

    def hello(self):
        "The child's process number as we see it (the kernel says it), 0 where the kernel does not."
        self.wait()
        if not hasattr(socket, 'SO_PASSCRED'): return 0 if self.channel.recv(1) else self.gone()
        text, extra, *_ = self.channel.recvmsg(1, socket.CMSG_SPACE(12))
        if not text: raise ZygoteLost
        return next((struct.unpack('3i', value)[0] for _,kind,value in extra if kind==socket.SCM_CREDENTIALS), 0)

    def gone(self): raise Ended('killed', '')

    def wait(self, event=select.POLLIN):
        "Wait until the child has sent something, or has room for more of ours. Raises: `Ended` when its time is up."
        tick = QUICK_TICK if self.limits['level']!='namespaces' else TICK
        self.poller.modify(self.channel, event)
        while not self.poller.poll(1000*tick) or time.monotonic()-self.checked>=tick: self.check()

    def check(self):
        "Raises: `Ended` if the child has used up its processor time, does nothing, or has too many threads or files."
        self.checked = time.monotonic()
        now = self.checked-self.away
        cpu, waited, threads = self.usage()
        idle = lambda cpu_then, waited_then, then: now-then-(cpu-cpu_then)-(waited-waited_then)
        if cpu>=self.limits['cpu_s'] or idle(*self.last)>=self.limits['wall_s'] or idle(0., 0., self.start)>=NAPS*self.limits['wall_s']: raise Ended('timeout', 'Timeout')
        if cpu-self.last[0]>=WORK: self.last = cpu, waited, now
        if threads>MAX_THREADS: raise Ended('killed', 'TooManyThreads')
        if self.scratch and self.scratch.exceeded(self.pid, cpu if self.pid else now): raise Ended('killed', 'DiskQuota')

    def usage(self):
        "CPU seconds so far, seconds spent waiting for a processor, threads. Zeros where the kernel does not tell."
        try:
            cpu = time.clock_gettime(~self.pid<<3 | 2) if self.pid else 0.
            with open(f'/proc/{self.pid}/schedstat') as file: waited = int(file.read().split()[1])/1e9
            return cpu, waited, len(os.listdir(f'/proc/{self.pid}/task'))
        except (OSError, IndexError, ValueError): return 0., 0., 0

    def read(self, n):
        "Exactly n bytes from the child. Raises: `Ended`."
        parts = bytearray()
        while len(parts)<n:
            self.wait()
            try: text = self.channel.recv(n-len(parts))
            except OSError: text = b''
            if not text: self.gone()
            parts += text
        return parts

    def receive(self):
        try: return wire.receive(self.read, wire.MAX_REPLY)
        except wire.Breach as e: raise Ended('killed', 'Breach') from e
        finally: self.heard = time.monotonic()

    def send(self, message):
        "Never waits for a child that does not read. Raises: `Ended`, `OverflowError`."
        text = wire.framed(message)
        if not text: raise OverflowError('arguments larger than a message may be')
        self.away += time.monotonic()-self.heard
        text = memoryview(text)
        while text:
            try: text = text[self.channel.send(text, socket.MSG_DONTWAIT):]
            except BlockingIOError: self.wait(select.POLLOUT)
            except OSError: self.gone()

    def ask(self, operation, target, *rest):
        "Have the child do something with a thing of its own; the value. Raises: what the program raised, `Ended`, and that again ever after."
        if self.ended: raise Ended(*self.ended)
        try: return self.asked(operation, target, *rest)
        except Ended as e:
            self.ended = e.kind, e.error
            raise

    def asked(self, operation, target, *rest):
        number = next(self.numbers)
        self.send([number, operation, target, *[wire.pack(part, self.keep) for part in rest]])
        while self.calls_back(reply := self.receive()): pass
        if not isinstance(reply, list) or reply[1:2]!=[number] or len(reply)<3: raise Ended('killed', 'Breach')
        if reply[0]=='x': raise self.exception(*reply[2:])
        value = self.unpack(reply[2])
        if operation=='next' and type(value) is not list: raise Ended('killed', 'Breach')
        for place,form in reply[3] if operation=='call' and len(reply)>3 else (): refill(*rest, place, self.unpack(form))
        return value

    def unpack(self, form):
        try: return wire.unpack(form, self.remote)
        except wire.Breach as e: raise Ended('killed', 'Breach') from e

    def calls_back(self, message):
        "Whether the child wants a function of the test's called, before it can reply. It is told the value, or the exception's name."
        if not isinstance(message, list) or message[:1]!=['f']: return False
        try:
            _, key, args, kwargs = message
            answer = ['v', wire.pack(self.remote(key)(*wire.unpack(args, self.given), **wire.unpack(kwargs, self.given)), self.keep)] if key<0 else ['x', 'TypeError']
        except Exception as e: answer = ['x', type(e).__name__]
        self.send(answer)
        return True

    def given(self, key, *goes_on):
        "As `remote`, for what a function of the test's is called with: not `type`, which it might call, and so make a class whose methods are the program's."
        return self.remote(None if key=='type' else key, *goes_on)

    def keep(self, value):
        "Form of an argument that is not plain: a thing of the child's, one of Python's own or of a module's by its name, a function of the test's by a number below 0, or the items of an iterator."
        if isinstance(value, Remote): return value._form
        if isinstance(value, wire.Likeness) and isinstance(getattr(value, '_kept', None), Remote) and value.unchanged(): return value._kept._form
        if isinstance(value, type) and own_type(value.__name__) is value or getattr(builtins, getattr(value, '__name__', ''), None) is value: return ['h', value.__name__]
        if name := name_in_module(value): return ['h', name]
        if hasattr(value, '__next__'): return self.iterator(value)
        if isinstance(value, ValuesView): return wire.pack(list(value), self.keep)
        if not callable(value): raise TypeError(f'a test passes a {type(value).__name__}, which cannot be sent to the program')
        place = self.places.setdefault(id(value), len(self.own))
        if place==len(self.own): self.own.append(value)
        return ['h', -1-place]

    def iterator(self, value):
        "An iterator's items; those after the first many are asked for here, so it may be endless."
        first = list(islice(value, MANY))
        more = [self.keep(lambda: list(islice(value, MANY)))] if len(first)==MANY else [None]
        return ['j', *more, *wire.pack(first, self.keep)[1:]]

    def remote(self, key, goes_on=False):
        "What a handle stands for: something of the child's, a type of Python's own, or a function of the test's."
        if isinstance(key, str) and own_type(key): return own_type(key)
        if not isinstance(key, int): raise TypeError
        return self.things.setdefault(key, (RemoteIterator if goes_on else Remote)(self, ['h', key])) if key>=0 else self.own[-1-key]

    def exception(self, names, args=None, kept=None):
        "An exception as the program raised it: of that name, or of the first of its bases' that Python has."
        names = list(map(type_name, names if isinstance(names, list) and names else ['']))
        kind = self.errors.get(names[0]) or known_error(names[0]) or error_type(names[0], [next(filter(None, map(known_error, names)), Exception)])
        args = self.unpack(args)
        try: error = type.__call__(kind, *(args if type(args) is tuple else ()))
        except Exception: error = kind.__new__(kind)
        if isinstance(error, Raised): error._kept = self.unpack(kept)
        return error


def own_type(name):
    "A type of Python's own, which is the same on both sides."
    found = getattr(builtins, name, wire.TYPES.get(name))
    return found if isinstance(found, type) else None


def name_in_module(value):
    "Full name of a function or class of a module's. The child calls its own: called here, `os.remove` would have no walls around it."
    name = getattr(value, '__name__', None)
    return next((f'{module}.{name}' for module,known in list(sys.modules.items()) if isinstance(name, str) and getattr(known, '__dict__', {}).get(name) is value), None)


def refill(args, kwargs, place, now):
    "Change an argument, which has a number or a name, as the program changed its copy."
    value = kwargs[place] if isinstance(place, str) else args[place]
    if type(value) is type(now) and type(value) in wire.REFILLED: wire.refill(value, now)


class Remote:
    """Something in the child, and what can be done with it there. What stands on the other side of an operator may be what a test expects,
    so it is sent only if it is the child's own; anything else is not equal."""
    __slots__ = ('_child', '_form', '_ahead', '_taken')
    def __init__(self, child, form):
        for name,value in zip(Remote.__slots__, (child, form, (), 0)): object.__setattr__(self, name, value)
    def _ask(self, operation, *rest): return self._child.ask(operation, self._form, *rest)
    def __call__(self, *args, **kwargs): return self._ask('call', args, kwargs)
    def __iter__(self):
        source = self._ask('iter')
        return source if isinstance(source, Remote) else iter(source)
    def __getattr__(self, name):
        if name in Remote.__slots__ or name.startswith('__') and name not in wire.REMOTE_NAMES: raise AttributeError(name)
        return self._ask('getattr', name)
    def __setattr__(self, name, value): return self._ask('setattr', name, value)
    def __delattr__(self, name): return self._ask('delattr', name)
    def __instancecheck__(self, value):
        "Of what is not the child's own, only a type of Python's is told: it may be what a test expects."
        kept, kind = value if isinstance(value, Remote) else getattr(value, '_kept', None) if isinstance(value, wire.Likeness) else None, type(value)
        if isinstance(kept, Remote): return self._child.ask('isinstance', kept._form, self)
        return own_type(kind.__name__) is kind and issubclass(kind, self)
    def __subclasscheck__(self, kind): return self._child.ask('issubclass', wire.pack(kind, self._child.keep), self)
    def __exit__(self, kind, error, _): return self._ask('exit', kind and kind.__name__)


def _unary(name): return lambda self, *rest: self._ask(name, *rest)
def _binary(name): return lambda self, other: self._ask(name, other) if isinstance(other, Remote) else NotImplemented
for name in ('len', 'bool', 'str', 'repr', 'hash', 'reversed', 'int', 'float', 'complex', 'abs', 'round', 'format', 'enter', 'neg', 'pos', 'invert', 'index', 'getitem', 'setitem', 'delitem'): setattr(Remote, f'__{name}__', _unary(name))
for name in wire.BINARY: setattr(Remote, f'__{name.strip("_")}__', _binary(name))


class RemoteIterator(Remote):
    "One that has a next item: a test may look whether it has."
    __slots__ = ()
    def __next__(self):
        "One at a time, and more at once when there are many."
        if not self._ahead:
            items = self._ask('next', 1+min(self._taken//64, 1023))
            object.__setattr__(self, '_ahead', items[::-1])
        if not self._ahead: raise StopIteration
        object.__setattr__(self, '_taken', self._taken+1)
        return self._ahead.pop()


class RaisedType(type):
    "Such a type: a test catches it here; one that the test makes, and what the type has besides, is the child's."
    def __call__(cls, *args, **kwargs):
        kept = cls._there(*args, **kwargs)
        error = type.__call__(cls, *kept.args)
        error._kept = kept
        return error
    def __getattr__(cls, name):
        if name=='_there' or name.startswith('__'): raise AttributeError(name)
        return getattr(cls._there, name)


class Raised(wire.Likeness, metaclass=RaisedType):
    "An exception of a type of the program's."
    def __str__(self): return str(self._kept) if '_kept' in vars(self) else super().__str__()


Remote.__doc__ = property(lambda self: self._ask('getattr', '__doc__'))


def error_type(name, bases):
    "A type of exceptions that stands for one of the program's."
    bases = [] if any(issubclass(base, Raised) for base in bases) else [Raised], *[[base] for base in bases]
    try: return RaisedType(name, tuple(sum(bases, [])), {})
    except TypeError: return RaisedType(name, (Raised, Exception), {})


def known_error(name):
    "Python's exception of that name, but for those that would end a loop of the test's instead of the test."
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) and found not in (StopIteration, StopAsyncIteration, GeneratorExit) else None


def type_name(name):
    "What a program says of an exception's type, if it can be one."
    return name if isinstance(name, str) and name.isidentifier() and len(name)<=MAX_NAME else 'Exception'


# Tests

@lru_cache(4096)
def compiled(test, mode): return compile(test, '<test>', mode)


@lru_cache(1024)
def called_names(tests, setup):
    "Names that tests call and that are neither Python's own nor the task's helpers; if there are none, the first one that each test calls."
    calls = []
    for test in tests:
        try: tree = ast.parse(test)
        except SyntaxError: continue
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)} | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | helper_names(setup)
        calls.append([node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in own])
    foreign = [name for names in calls for name in names if not hasattr(builtins, name)]
    return tuple(dict.fromkeys(foreign or [names[0] for names in calls if names]))


@lru_cache(1024)
def helpers(setup):
    "Functions, imports and constants of a task's setup code, as code: they are the task's, so they run here, where no program can replace them."
    try: body = ast.parse(setup).body
    except (SyntaxError, ValueError): return []
    literal = ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.unaryop, ast.operator, ast.Load
    constant = lambda value: all(isinstance(part, literal) for part in ast.walk(value))
    ours = lambda node: isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)) or isinstance(node, ast.Assign) and (constant(node.value) or isinstance(node.value, ast.Lambda))
    return [compile(ast.Module([node], []), '<setup>', 'exec') for node in body if ours(node)]


def add_helpers(space, setup):
    "Run a task's helpers in a test's names. One that fails, such as an import of what is not there, is left out."
    for code in helpers(setup):
        with contextlib.suppress(Exception): exec(code, space)
    return space


@lru_cache(1024)
def helper_names(setup): return frozenset(add_helpers({}, setup))


def namespace(child, ready, setup, called):
    """What test code can name: what the program defines, and the task's helpers. Python's own names and modules stay Python's, unless
    the tests call a function of that name: a program that defines `abs` or a class `math` does not decide what a test means by it."""
    calls, values, modules, kinds = ready
    ours = lambda name: name.startswith('__') or name not in called and (hasattr(builtins, name) or name in layers.COMMON)
    space = Names(child, {name for name in values if not ours(name)})
    space.update((name, Remote(child, ['h', name])) for name in calls if not ours(name))
    full_names = modules | {name: name for name in (*calls, *values, *modules) if name in layers.COMMON and name not in called}
    space.update((name, importlib.import_module(full)) for name,full in full_names.items() if full in layers.COMMON and not name.startswith('__'))
    space.update((name, own_type(kind)) for name,kind in kinds.items() if isinstance(kind, str) and own_type(kind) and not name.startswith('__') and (name in called or not hasattr(builtins, name)))
    for name,(kind, *bases) in ((name, kind) for name,kind in kinds.items() if isinstance(kind, list) and not ours(name)):
        space[name] = child.errors.setdefault(type_name(kind), error_type(type_name(kind), [child.errors.get(base) or known_error(type_name(base)) or Exception for base in bases]))
        space[name]._there = Remote(child, ['h', name])
    return add_helpers(space, setup)


class Names(dict):
    "The names of a program's tests. A variable of the program is fetched whenever one names it: a call may have changed it."
    def __init__(self, child, variables): self.child, self.variables = child, variables
    def __missing__(self, name):
        if name not in self.variables: raise KeyError(name)
        return self.child.ask('value', ['h', name])


def not_plain(value): raise TypeError('not plain')


def judge(child, job, space):
    "`(results, error types, values)` of a job's tests, up to the one in which the program ended."
    results, errors, values = [], [], []
    for test in job['tests']:
        result, error, value = 'passed', '', None
        try:
            value = eval(compiled(test, 'eval' if job['values'] else 'exec'), space)
            if job['values']: value = wire.pack(value, not_plain)
            if child.ended: raise Ended(*child.ended)
        except Ended as e: result, error = e.kind, e.error
        except AssertionError: result, error = 'failed', 'AssertionError'
        except MemoryError: result, error = 'memory', 'MemoryError'
        except BaseException as e: result, error = 'error', type(e).__name__
        results.append(result)
        errors.append(error)
        if job['values']: values.append(value if result=='passed' else None)
        if result in ('timeout', 'killed'): break
    return results, errors, values


class Worker:
    "Grades one program after the other."
    def __init__(self, settings):
        self.settings, self.zygote = settings, None

    def grade(self, job):
        "Outcome of one program. A sandbox that breaks down is replaced, and the program run again."
        for _ in range(3):
            self.zygote = self.zygote or Zygote(self.settings)
            try: return self.attempt(job)
            except ZygoteLost:
                self.zygote.close()
                self.zygote = None
        return self.outcome(job, 'killed', 'SandboxLost')

    def report(self, parent, job):
        "Grade a program and say so, without values where they are larger than a message may be."
        outcome = self.grade(job)
        wire.send(parent, outcome) or wire.send(parent, self.outcome(job, 'killed', 'TooLarge'))
        gc.collect() # or what this program's tests held is missing to the next one's
        gc.freeze()

    def stop(self, *_):
        "End at once, and leave nothing behind."
        if self.zygote: self.zygote.close()
        os._exit(1)

    def attempt(self, job):
        signal.setitimer(signal.ITIMER_PROF, JUDGE_S) # ends this process, in whatever C code it is; the caller starts another
        called = (job['entry_point'],) if job['entry_point'] else called_names(tuple(job['tests']), job['setup'])
        child, result, status = Child(self.zygote, self.settings), ([], [], []), ('ran', '')
        try:
            child.send({key: job[key] for key in ('code', 'setup', 'mode', 'only_changed')} | dict(called=called))
            kind, *ready = child.receive()
            if kind=='ready': result = judge(child, job, namespace(child, ready, job['setup'], called))
            elif kind=='setup': result = ['error']*len(job['tests']), [type_name(*ready)]*len(job['tests']), []
            else: status = NOT_RUN[NOT_RUN.index(ready[0])], type_name(ready[1]) if ready[1] else ''
        except Ended as e: status = e.kind, e.error
        except ZygoteLost: raise
        except Exception: status = 'killed', 'Breach' # no message of the child's may end the judge
        finally: child.channel.close()
        wall = time.monotonic()-child.start
        code, cpu, memory = self.zygote.finish()
        return self.outcome(job, *status, *result, cpu=cpu, wall=wall, ended_by=os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0)

    def outcome(self, job, status, error, results=(), errors=(), values=(), cpu=0., wall=0., ended_by=0):
        "One row. A program that ended in a test has that test's word as its status; what did not run has the program's error."
        results, errors = list(results), list(errors)
        ended = bool(results) and results[-1] in ('timeout', 'killed')
        if ended: status, error = results[-1], errors[-1]
        if status=='killed' and not error: status, error = ('timeout', 'Timeout') if ended_by==signal.SIGXCPU else ('killed', signal.Signals(ended_by).name if ended_by else 'Exit')
        if ended: results[-1], errors[-1] = status, error
        missing = len(job['tests'])-len(results)
        return dict(id=job['id'], status=status, error=error, tests=results+['not_run']*missing, errors=errors+[error]*missing, values=list(values),
                    cpu_s=round(cpu, 4), wall_s=round(wall, 4))


def main():
    settings = json.loads(sys.argv[1])
    parent = socket.socket(fileno=settings.pop('parent'))
    read = lambda n: parent.recv(n, socket.MSG_WAITALL)
    layers.limit_resources(AS=JUDGE_BYTES)
    worker = Worker(settings)
    signal.signal(signal.SIGTERM, worker.stop)
    try:
        worker.zygote = Zygote(settings)
        wire.send(parent, dict(level=settings['level']))
    except OSError as e: return wire.send(parent, dict(error=str(e)))
    try:
        while True: worker.report(parent, wire.receive(read))
    except (struct.error, OSError): pass
    finally:
        if worker.zygote: worker.zygote.close()


if __name__=='__main__': main()
