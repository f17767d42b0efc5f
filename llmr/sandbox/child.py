"""What runs in a child: the isolation that each child needs, then the program, then calls of its functions.

With the judge `values`, a child never sees a test or an expected value: it is asked to call a function with arguments,
and returns the value. Whatever the program does to this code's frames, modules or builtins changes nothing but what it
answers. So that an honest program does not break this code by accident, it gets a `builtins` of its own.
"""
import atexit
import builtins
import gc
import io
import os
import sys
import time
from types import ModuleType

import harmless
import inside
import layers
import rewrite
import tester
import wire

MAX_NAME, MAX_BASES, MAX_SAID, AHEAD = 80, 20, 1<<16, 1<<20
_STREAMS = {'/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2, '/dev/fd/0': 0, '/dev/fd/1': 1}
_PID = 0x7FFFFFFE  # placeholder for the child's own number in the prepared filter
_WAIT_ALL = 0x100
_type_name = type.__dict__['__name__'].__get__
_exit = os._exit
_mro, _names = (type.__dict__[name].__get__ for name in ('__mro__', '__dict__'))
_args = BaseException.args.__get__


class Isolation:
    "What each child needs besides what it inherits, prepared once."
    def __init__(self, settings):
        self.settings, self.level, self.module = settings, settings['level'], stage()
        self.filter = layers.seccomp_filter(_PID) if self.level=='landlock' else None

    def enter(self, control, role):
        "From here on, a program can harm nothing but this process. Cases of a script may have seconds of their own."
        gc.enable()
        os.setsid()
        control.sendall(b'!') # the kernel adds our number as the other side sees it
        control.close()
        most = max(self.settings['cpu_s'], layers.MAX_CASE_S) if role==b'M' else self.settings['cpu_s']
        layers.limit_resources(CPU=int(most)+2)
        if self.level=='namespaces' or sys.platform!='linux': return # in namespaces, the fork inherits the rest
        layers.die_with_parent()
        layers.drop_capabilities()
        if self.filter: layers.enter_seccomp(self.filter.replace(_PID.to_bytes(4, sys.byteorder), own_pid()))


def own_pid(): return os.getpid().to_bytes(4, sys.byteorder)


def name_of(error): return _type_name(type(error))[:MAX_NAME]


def stage():
    """Make the modules that a program sees, before the fork: itself, under both of the names that it may look for, and
    a `builtins` of its own."""
    module, own = ModuleType('solution'), ModuleType('builtins')
    own.__dict__.update(builtins.__dict__, exit=sys.exit, quit=sys.exit) # as Python's `site` has it
    module.__dict__['__builtins__'] = own
    sys.modules.update(solution=module, __main__=module, builtins=own)
    return module


def run_setup(setup, names):
    "Run a task's setup code. An import of what is not installed is left out, for programs that do without it."
    try: exec(setup, names)
    except ModuleNotFoundError:
        for code in tester.helpers(setup):
            try: exec(code, names)
            except ModuleNotFoundError: pass


class Kept:
    "What is to be sent, until all of it is there: each message wakes the judge."
    def __init__(self): self.parts = []

    def sendall(self, text): self.parts.append(text)


class Server:
    "Runs a program and answers for it; a harmless one may have successors."
    def __init__(self, channel, module):
        self.channel = self.judge = channel
        self.begin(module)

    def begin(self, module):
        self.module, self.names, self.iterators, self.unittest = module, module.__dict__, [], None

    def keep(self, value):
        "Form of a value that cannot be sent: the number of an iterator, or that there is something."
        if not any('__next__' in _names(kind) for kind in _mro(type(value))): return ['h', '']
        self.iterators.append(value)
        return ['j', len(self.iterators)-1]

    def read(self, n):
        "Exactly n bytes from the judge; without it, there is nothing left to do."
        text = self.judge.recv(n, _WAIT_ALL)
        if len(text)<n: _exit(0)
        return text

    def say(self, message):
        "Send a message; one that cannot be sent is an error of the call's."
        try:
            if wire.send(self.channel, message, wire.MAX_REPLY): return
        except (ValueError, TypeError, MemoryError, RecursionError): pass
        wire.send(self.channel, ['x', ['OverflowError'], []])

    def run(self, job):
        "Compile and run the module. Returns what became of it."
        try: code, changed = rewrite.compiled(job['code'], job['mode'], job['called'])
        except (SyntaxError, ValueError, MemoryError, RecursionError) as e:
            return ['module', 'syntax_error', name_of(e), []]
        if job['only_changed'] and not changed: return ['module', 'unchanged', '', []]
        if job['kind']=='unittest': self.unittest = inside.prepare_unittest()
        if job['setup']: # now for what the program needs while it is imported, again below for what needs the program
            try: run_setup(job['setup'], self.names)
            except BaseException: pass
        try: exec(code, self.names)
        except MemoryError as e: return ['module', 'memory', name_of(e), changed]
        except BaseException as e: return ['module', 'module_error', name_of(e), changed]
        if job['setup']:
            try: self.renew(job['setup'])
            except BaseException as e: return ['setup', name_of(e)]
        return ['ready', *self.defined(job), changed]

    def renew(self, setup):
        "Run the setup code again: its helpers are the task's, but what it only imports does not replace the program's."
        before, own = dict(self.names), rewrite.defined_names(setup)
        run_setup(setup, self.names)
        self.names.update({name: value for name, value in before.items() if name not in own})

    def defined(self, job):
        "Names of the program that tests call, and its modules with their full names."
        calls = [name for name in job['called'] if name in self.names]
        modules = {name: ModuleType.__getattribute__(self.names[name], '__name__') for name in job['modules']
                   if type(self.names.get(name)) is ModuleType}
        return calls, modules

    def function(self, name):
        "What a test calls: a function of the program's, a method of its class, or one of Python's."
        owner, _, method = name.rpartition('.')
        if owner: return getattr(self.names[owner](), method)
        if name in self.names: return self.names[name]
        if not hasattr(builtins, name): raise NameError(f'name {name!r} is not defined')
        return getattr(builtins, name)

    def simple_call(self, name, args, kwargs):
        "Reply to a call on literals, which nobody looks at afterwards."
        try:
            args, kwargs = (wire.unpack(form, wire.typed, []) for form in (args, kwargs))
            return ['v', wire.pack(self.function(name)(*args, **kwargs), self.keep, [])]
        except BaseException as e: return self.said(e)

    def call(self, name, args, kwargs):
        "Reply to one call: its value, and arguments that it changed."
        try:
            objects = []
            args, kwargs = (wire.unpack(form, wire.typed, objects) for form in (args, kwargs))
            before = [wire.contents(thing, type(thing)) for thing in objects]
            value = self.function(name)(*args, **kwargs)
            form = wire.pack(value, self.keep, objects)
            changed = wire.changes(before, objects, self.keep) if before else []
            return ['v', form, changed] if changed else ['v', form]
        except BaseException as e: return self.said(e)

    def said(self, error):
        "Names of an exception's type and of its bases, and its arguments unless they are too large."
        names = [_type_name(kind)[:MAX_NAME] for kind in _mro(type(error))[:MAX_BASES]]
        try: args = wire.pack(_args(error), wire.stays, [])
        except BaseException: args = ['t']
        return ['x', names, args if wire.framed(args, MAX_SAID) else ['t']]

    def take(self, number, n):
        "Up to n items of an iterator, and whether it has ended."
        taken, size = [], 0
        try:
            while len(taken)<n and size<AHEAD:
                item = next(self.iterators[number])
                taken.append(item)
                size += len(item) if type(item) in (str, bytes, list, tuple, set, dict) else 1
            return ['v', wire.pack(taken, self.keep, []), False]
        except StopIteration: return ['v', wire.pack(taken, self.keep, []), True]
        except BaseException as e: return self.said(e)

    def test(self, nonce, called, tests, values):
        "Run tests here."
        report = lambda word, error, value: wire.send(self.channel, [nonce, word, error, value], wire.MAX_REPLY)
        pack = lambda value: wire.pack(value, wire.refuses, [])
        if self.unittest:
            return report(*inside.UnitTests(self.names, called, report, pack).module(tests[0], *self.unittest))
        inside.Tests(self.names, called, report, pack).run(tests, values)

    def program(self, job, used):
        """Say whether the program is harmless, run it, and answer its simple tests. A process that has been used runs
        no other, and sends all that it says at once."""
        is_harmless = job['harmless'] and harmless.is_harmless(job['code'])
        if used and is_harmless:
            self.begin(stage())
            self.channel = Kept()
        wire.send(self.channel, is_harmless)
        if used and not is_harmless: return
        requests = job['requests']
        try: reply = self.run(job)
        except BaseException as e: reply = ['module', 'module_error', name_of(e), []]
        del job
        wire.send(self.channel, reply)
        if reply[0]=='ready':
            for one in requests: self.say(self.simple_call(*one))
        if used: self.judge.sendall(b''.join(self.channel.parts))
        self.channel = self.judge

    def script(self, job, used_s, inputs):
        """Run a harmless script once for each input, until this process has used its seconds. Says what became of each
        case and what it printed as soon as it has ended, since each has its own limits; then that it was the last."""
        error, code = None, None
        try: code, changed = rewrite.compiled(job['code'], job['mode'], job['called'])
        except (SyntaxError, ValueError, MemoryError, RecursionError) as e: error = ['syntax_error', name_of(e), '']
        if code and job['only_changed'] and not changed: code, error = None, ['unchanged', '', '']
        for text in inputs if code else ():
            if not wire.send(self.judge, [*in_memory(code, job['setup'], text)], wire.MAX_REPLY): error = ['large', '', '']
            if error or time.process_time()>=used_s: break
        if error: wire.send(self.judge, error)
        wire.send(self.judge, [])

    def serve(self):
        "Do what the judge asks for until it ends this process."
        while True:
            what, *request = wire.receive(self.read)
            if what=='p': self.program(*request)
            elif what=='s': self.script(*request)
            elif what=='c': self.say(self.call(*request))
            elif what=='n': self.say(self.take(*request))
            else: self.test(*request)


def in_memory(code, setup, text):
    "Run a harmless script with streams in memory: what became of it, its error, and what it printed."
    names, before = stage().__dict__, (sys.stdin, sys.stdout, sys.stderr)
    names['__name__'], printed, depth, word, error = '__main__', io.BytesIO(), sys.getrecursionlimit(), 'ran', ''
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode('utf-8', 'surrogatepass')))
    sys.stdout, sys.stderr = io.TextIOWrapper(printed), io.TextIOWrapper(io.BytesIO())
    try:
        if setup: run_setup(setup, names)
        exec(code, names)
    except SystemExit: pass
    except MemoryError: word, error = 'memory', 'MemoryError'
    except BaseException as e: word, error = 'module_error', name_of(e)
    sys.setrecursionlimit(depth)
    sys.stdout.flush()
    said = printed.getvalue().decode('utf-8', 'replace') # before the stream ends, and closes it
    sys.stdin, sys.stdout, sys.stderr = before
    return word, error, said


def _opens_streams(opens):
    """`open` for which the names of the standard streams are these: without /proc, a machine has no such files."""
    def open(file, *args, **kwargs):
        number = _STREAMS.get(file) if isinstance(file, str) else None
        return opens(file if number is None else os.dup(number), *args, **kwargs)
    return open


def _joins(threads):
    "How a program waits for its threads, if it has imported the module."
    return [threads._shutdown] if hasattr(threads, '_shutdown') else []


class Main(Server):
    "Runs a program as a script, from standard input to standard output."
    def serve(self):
        job = wire.receive(self.read)
        self.names['__name__'] = '__main__'
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)))
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w')))
        sys.stdin.mode, sys.stdout.mode = 'r', 'w' # as Python sets them for its own
        sys.__stdin__, sys.__stdout__ = sys.stdin, sys.stdout
        self.names['__builtins__'].open = io.open = _opens_streams(open)
        word, error = 'ran', ''
        try: code, changed = rewrite.compiled(job['code'], job['mode'], job['called'])
        except (SyntaxError, ValueError, MemoryError, RecursionError) as e: word, error = 'syntax_error', name_of(e)
        if word=='ran' and job['only_changed'] and not changed: word = 'unchanged'
        if word=='ran':
            try:
                if job['setup']: run_setup(job['setup'], self.names)
                exec(code, self.names)
            except SystemExit: pass
            except MemoryError: word, error = 'memory', 'MemoryError'
            except BaseException as e: word, error = 'module_error', name_of(e)
        threads = sys.modules.get('threading') # Python waits for them before it ends
        for last in (*_joins(threads), atexit._run_exitfuncs, sys.stdout.flush):
            try: last()
            except BaseException: pass
        for file in (0, 1, 2):
            try: os.close(file)
            except OSError: pass # the program has closed it
        wire.send(self.channel, ['module', word, error])
        _exit(0)


def main(role, fds, control, isolation):
    "Everything that the child does. Does not return."
    try:
        import socket
        channel = socket.socket(fileno=fds[0])
        if role==b'M':
            for number, fd in enumerate(fds[1:]):
                os.dup2(fd, number)
                os.close(fd)
        isolation.enter(control, role)
        if role==b'T': tester.serve(channel, socket.socket(fileno=fds[1]))
        (Main if role==b'M' else Server)(channel, isolation.module).serve()
    finally: _exit(1)
