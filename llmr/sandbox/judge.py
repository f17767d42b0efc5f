"""A worker: takes programs from the parent, has them run and judged, and bounds what each may use.

No code of a program's or a test's runs here. Simple tests, which compare one call on literals with a literal, are
compared here on plain data; other tests run in `tester.py`, behind walls of their own, or inside the program's process.
"""
import gc
import json
import os
import signal
import socket
import struct
import sys
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import canary
import harmless
import layers
import rewrite
import stdio
import wire
from plan import plan
from process import Ended, Process, Sandbox, SandboxLost
from stdio import BRIEF_S, USED_S

OWN_S, OWN_BYTES = 10, 1<<30     # what judging one program may take here
TESTER_S = 3.                    # most processor seconds of the tests' process, which has twice the program's
SMALL_REPLY = 1<<16              # what is compared here: a value can be made so that reading it takes long
MOST_READ_HERE = 20_000 # characters of a program that this process parses itself
NOT_RUN = 'syntax_error', 'module_error', 'memory', 'unchanged' # what a child may say of a program without tests
WORDS = 'passed', 'failed', 'error', 'memory'
USES = 200 # programs of a used process
WHOLE = {'passed', 'failed', 'error'} # results after which a harmless program's process is as it was


class TooLarge(Exception):
    "A value that is not compared here."


def type_name(name):
    "What a program says of an exception's type, if it can be one."
    return name if isinstance(name, str) and name.isidentifier() and len(name)<=80 else 'Exception'


def breach(): raise Ended('killed', 'Breach')


class Unfit(Exception):
    "A program that needs a process in which no other has run."


class Attempt:
    "One program's tests, and what came of them so far."
    def __init__(self, worker, job, made):
        self.worker, self.job, self.made, self.limits = worker, job, made, worker.settings
        self.cpu, self.wall, self.worker_version = 0., 0., worker.sandbox.python
        self.begin()

    def begin(self):
        self.results, self.errors, self.values, self.changed = [], [], [], []
        self.status, self.error, self.ended_by, self.harmless = 'ran', '', 0, False

    def add(self, word, error, value=None):
        self.results.append(word)
        self.errors.append(error)
        if self.job['values']: self.values.append(value if word=='passed' else None)

    def run(self, act):
        "Start a program and do something with it. What ends it is its status."
        if self.worker.used and self.made.judge=='values' and self.run_in_used(act): return
        self.worker.end_used()
        self.begin()
        self.sandbox = self.worker.sandbox_for(self.made.kind)
        program = Process(self.sandbox, b'F', self.limits)
        try: self.started(program, act)
        except Ended as e: self.end(e)
        except TooLarge:
            self.stop(program)
            raise
        if self.is_whole(): self.keep(program, 1)
        else: self.stop(program)

    def started(self, program, act, used=False):
        ready = self.start(program, used)
        if ready: act(program, *ready)

    def run_in_used(self, act):
        """Run a harmless program in the process of others. Returns whether that went well; if not, as for a program
        that takes long, it needs a process of its own."""
        program, n = self.worker.used
        program.renew(self.limits | dict(cpu_s=min(BRIEF_S, self.limits['cpu_s'])))
        try: self.started(program, act, True)
        except (Ended, TooLarge, Unfit): return False
        if not self.is_whole(): return False
        self.keep(program, n+1)
        return True

    def is_whole(self):
        "Whether the program was harmless and ended by itself, with nothing unusual."
        return (self.harmless and self.status not in ('memory', 'timeout', 'killed')
                and set(self.results)<=WHOLE and 'MemoryError' not in self.errors)

    def spend(self, program):
        "Note what a program used in the process of others. Returns the processor seconds."
        cpu = program.cpu_seconds()
        self.cpu, self.wall = self.cpu+cpu, self.wall+program.seconds()
        return cpu

    def keep(self, program, n):
        "Note what a program used, and keep its process for the next one unless it is worn."
        cpu = self.spend(program)
        self.worker.used = program, n
        worn = n>=USES or cpu>=BRIEF_S or cpu+program.before[0]>=USED_S
        if worn or not program.pid or not program.is_as_new(): self.worker.end_used()

    def stop(self, program):
        "End the program's process, and note what it used."
        program.close()
        code, cpu, _ = self.sandbox.finish()
        self.cpu, self.wall = self.cpu+cpu, self.wall+program.seconds()
        self.ended_by = os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0

    def end(self, ended):
        "The program is over. In the middle of the tests, that is the result of one."
        if self.worker.testing: self.add(ended.kind, ended.error)
        self.status, self.error = ended.kind, ended.error

    def start(self, program, used=False):
        "Have the module run; what its process says of it, None if no test can run. Raises: `Ended`, `Unfit`."
        job = {key: self.job[key] for key in ('code', 'mode', 'only_changed')}
        if self.made.kind=='expression': job['code'] = f'def {self.made.called[0]}(): return (\n{job["code"]}\n)'
        self.worker.testing = False
        job |= dict(setup=self.made.setup, called=self.made.called, kind=self.made.kind, modules=self.made.free)
        program.send(['p', job | dict(harmless=self.made.harmless, requests=self.made.requests), used])
        self.harmless = program.receive() is True # said before the program runs
        if used and not self.harmless: raise Unfit
        reply = program.receive()
        kind, *ready = reply if isinstance(reply, list) and reply else [None]
        if kind=='setup' and ready:
            for _ in self.job['tests']: self.add('error', type_name(ready[0]))
        elif kind=='module' and len(ready)>2 and ready[0] in NOT_RUN and (ready[0]!='unchanged'
            or self.job['only_changed']):
            self.status, self.error, self.changed = ready[0], type_name(ready[1]) if ready[1] else '', words(ready[2])
        elif kind=='ready' and len(ready)>2 and isinstance(ready[0], list) and isinstance(ready[1], dict):
            self.changed, self.worker.testing = words(ready[2]), True
            return ready[:2]
        else: breach()

    def simple(self, program, calls, modules):
        "Compare the values that the process answers."
        for test in self.made.simple:
            form = program.receive()
            if not isinstance(form, list) or len(form)<2: breach()
            if form[0]=='x': word, error = 'error', type_name(first(form[1]))
            else: word, error = self.compared(form[1], test[3], program.last_size)
            if error in ('MemoryError', 'AssertionError'): word = 'memory' if error=='MemoryError' else 'failed'
            self.add(word, error)

    def compared(self, form, expected, size):
        "Whether a value is the expected one."
        if size>SMALL_REPLY and self.made.kind!='call': raise TooLarge
        if self.made.kind=='call':
            right = any(stdio.alike(form, value) for value in expected)
            return ('passed', '') if right else ('failed', 'AssertionError')
        try: value = wire.unpack(form, lambda key, *_: wire.typed('' if isinstance(key, int) else key), [])
        except wire.Breach: breach()
        try: return ('passed', '') if value==expected else ('failed', 'AssertionError')
        except Exception as e: return 'error', type(e).__name__

    def tested(self, program, calls, modules):
        "Have a process of their own run the tests."
        modules = {name: full for name, full in modules.items() if isinstance(full, str)}
        calls = [name for name in calls if name in self.made.called]
        limits = self.limits | dict(cpu_s=min(TESTER_S, 2*self.limits['cpu_s']), level='namespaces')
        tester = Process(self.worker.tests_sandbox(), b'T', limits, program.channel)
        try:
            tester.send(dict(tests=self.made.tests, setup=self.made.task_setup, calls=calls, modules=modules,
                             values=self.job['values']))
            self.hear(tester, program)
        finally:
            tester.close()
            self.worker.tests.finish()

    def hear(self, tester, program):
        "Results from the tests' process, while both keep their limits."
        for _ in self.made.tests:
            word, error, value = tester.receive(beside=program)
            if word=='ended':
                self.add('killed', '')
                self.status, self.error = 'killed', ''
                return
            if word=='killed': raise Ended('killed', error)
            self.add(word, error, value)

    def inside(self, program, tests):
        "Have the program's process run the tests."
        nonce = os.urandom(16).hex()
        program.send(['t', nonce, self.made.called, tests, self.job['values']])
        for _ in tests:
            reply = program.receive()
            if not (isinstance(reply, list) and len(reply)==4 and reply[0]==nonce and reply[1] in WORDS): breach()
            self.add(reply[1], type_name(reply[2]) if reply[2] else '', reply[3])


def words(value): return [word for word in value if isinstance(word, str)][:5] if isinstance(value, list) else []


def first(names): return names[0] if isinstance(names, list) and names else ''


class Worker:
    "Grades one program after the other."
    def __init__(self, settings):
        self.settings, self.sandbox, self.tests, self.testing = settings, None, None, False
        self.starting = None # a sandbox whose programs may start processes
        self.used = None # a process in which only harmless programs have run, and how many

    def open(self): self.sandbox = self.sandbox or Sandbox(self.settings | dict(processes=0))

    def sandbox_for(self, kind):
        "The sandbox of a program: what unittest judges may start processes, where namespaces hold these."
        if kind!='unittest' or self.settings['level']!='namespaces' or not self.settings['processes']: return self.sandbox
        self.starting = self.starting or Sandbox(self.settings)
        return self.starting

    def tests_sandbox(self):
        "The sandbox that tests run in: it writes no files."
        if not self.tests: self.tests = Sandbox(self.settings | dict(file_mb=0, cpu_s=TESTER_S, processes=0))
        return self.tests

    def end_used(self):
        "End the process of harmless programs."
        if not self.used: return
        self.used[0].close()
        self.used = None
        self.sandbox.finish()

    def close(self):
        if self.used: self.used[0].close()
        self.used = None
        for sandbox in filter(None, (self.sandbox, self.tests, self.starting)): sandbox.close()
        self.sandbox = self.tests = self.starting = None

    def stop(self, *_):
        "End at once, and leave nothing behind."
        self.close()
        os._exit(1)

    def grade(self, job):
        "Outcome of one program. A sandbox that breaks down is replaced, and the program run again."
        made = self.planned(job)
        for _ in range(3):
            signal.setitimer(signal.ITIMER_PROF, OWN_S) # ends this process, in whatever C code it is
            try:
                self.open()
                return self.attempt(job, made)
            except SandboxLost: self.close()
        return outcome(job, not_run(made, 'killed', 'SandboxLost'))

    def planned(self, job):
        "How the task's programs are judged, worked out once."
        made = plan(job['kind'], tuple(job['tests']), job['setup'], job['entry_point'], job['judge'], job['values'])
        if not hasattr(made, 'requests'):
            made.requests = [[name, *[wire.pack(part, wire.refuses, []) for part in (args, kwargs)]] for name, args,
                             kwargs, _ in made.simple or ()]
            made.harmless = made.judge=='values' and (not made.setup or harmless.is_harmless(made.setup))
        return made

    def attempt(self, job, made):
        if job['only_changed'] and is_unchanged(job, made): return outcome(job, not_run(made, 'unchanged'))
        tried = Attempt(self, job, made)
        if made.kind=='stdin': stdio.run(tried)
        elif made.judge=='inside': self.inside(tried)
        else:
            try: tried.run(tried.simple if made.simple else tried.tested)
            except TooLarge:
                tried = Attempt(self, job, made)
                tried.run(tried.tested)
        return outcome(job, tried)

    def inside(self, tried):
        "Run the tests, then copies that must fail. A test whose copy passes has not passed."
        unit = tried.made.kind=='unittest'
        tried.run(lambda program, *_: tried.inside(program, list(tried.made.tests)))
        if 'passed' not in tried.results or tried.job['values']: return
        spoil, wrong = canary.spoiled_module if unit else canary.spoiled_test, canary.Wrong()
        tests = [spoil(test, wrong) for test in tried.made.tests]
        other = Attempt(self, tried.job, tried.made)
        left = dict(cpu_s=other.limits['cpu_s']-tried.cpu, wall_s=other.limits['wall_s']-tried.wall+tried.cpu)
        other.limits = other.limits | {name: max(.5, seconds) for name, seconds in left.items()}
        other.run(lambda program, *_: self.spoiled(other, program, tests, unit))
        for n, word in enumerate(other.results):
            if word=='passed' and tried.results[n:n+1]==['passed']:
                tried.results[n], tried.errors[n] = 'failed', 'Canary'

    def spoiled(self, other, program, tests, unit):
        "Results of the copies; of a module, it is enough that one method passes."
        nonce = os.urandom(16).hex()
        program.send(['t', nonce, other.made.called, tests, False])
        for _ in tests:
            reply = program.receive()
            if not (isinstance(reply, list) and len(reply)==4 and reply[0]==nonce): breach()
            other.add('passed' if reply[1]=='passed' or unit and reply[3] else 'failed', '')

    def report(self, parent, job):
        "Grade a program and say so, without values where they are larger than a message may be."
        done = self.grade(job)
        if wire.send(parent, done): return
        wire.send(parent, done | dict(status='killed', error='TooLarge', tests=['not_run']*len(job['tests']),
                                      errors=['TooLarge']*len(job['tests']), values=[]))


def is_unchanged(job, made):
    "Whether the mode surely changes nothing, so that no child is needed; a child decides for a long program."
    if len(job['code'])>MOST_READ_HERE: return False
    try: return not rewrite.compiled(job['code'], job['mode'], made.called)[1]
    except (SyntaxError, ValueError, MemoryError, RecursionError): return False


def not_run(made, status, error=''):
    "What is to be said of a program that no child ran."
    return SimpleNamespace(made=made, status=status, error=error, results=[], errors=[], values=[], cpu=0., wall=0.,
                           ended_by=0, changed=[])


def outcome(job, tried):
    "One row. A program that ended in a test has that test's word as its status."
    results, errors, n = list(tried.results), list(tried.errors), len(job['tests'])
    status, error = tried.status, tried.error
    if status=='killed' and not error:
        status, error = ('timeout', 'Timeout') if tried.ended_by==signal.SIGXCPU else (
            'killed', signal.Signals(tried.ended_by).name if tried.ended_by else 'Exit')
    if results and results[-1] in ('timeout', 'killed'): results[-1], errors[-1] = status, error
    if status=='syntax_error': error = rewrite.named_error(error, job['code'], tried.worker_version)
    if 'NameError' in errors:
        said = rewrite.method_error(job['code'], tried.made.called) or 'NameError'
        errors = [said if one=='NameError' else one for one in errors]
    missing = n-len(results)
    return dict(id=job['id'], status=status, error=error, tests=results[:n]+['not_run']*missing,
                errors=errors[:n]+[error]*missing,
                values=list(tried.values), cpu_s=round(tried.cpu, 4), wall_s=round(tried.wall, 4),
                judge=tried.made.judge, changed=tried.changed)


def main():
    settings = json.loads(sys.argv[1])
    parent = socket.socket(fileno=settings.pop('parent'))
    read = lambda n: parent.recv(n, socket.MSG_WAITALL)
    layers.limit_resources(AS=OWN_BYTES)
    worker = Worker(settings)
    signal.signal(signal.SIGTERM, worker.stop)
    try:
        worker.open()
        wire.send(parent, dict(level=settings['level']))
    except OSError as e: return wire.send(parent, dict(error=str(e)))
    gc.freeze()
    try:
        while True: worker.report(parent, wire.receive(read))
    except (struct.error, OSError): pass
    finally: worker.close()


if __name__=='__main__': main()
