"""The caller's side: worker processes, the programs that they get, and the outcomes that they return."""
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from pathlib import Path

from . import layers, wire

AHEAD = 4096     # outcomes that may wait for an earlier one
QUEUED = 2       # programs at a worker: the current one and the next
SMALL = 60_000   # largest next program, in bytes: it waits in the socket
STARTS = 3       # attempts to start a worker
LOSSES = 2       # workers that one program may cost


def cores(): return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


class Worker:
    "A judge process with its sandbox, and the programs that it has been given. `confirm` it before its first use."
    def __init__(self, settings):
        self.socket, theirs = socket.socketpair()
        judge, settings = Path(__file__).with_name('judge.py'), settings | dict(parent=theirs.fileno())
        command = [sys.executable, '-S', '-s', '-P', '-W', 'ignore', str(judge), json.dumps(settings)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            env=layers.clean_environment(), start_new_session=True)
        theirs.close()
        self.given, self.since = deque(), time.monotonic()

    def confirm(self):
        "Wait until the sandbox works. Raises: `OSError` if it does not."
        try: error = self.receive().get('error')
        except (OSError, wire.Breach): error = 'the worker ended before its sandbox was ready'
        if error:
            self.close()
            raise OSError(error)
        return self

    def read(self, n):
        "Exactly n bytes. Raises: `OSError` if the worker is lost."
        text = self.socket.recv(n, socket.MSG_WAITALL)
        if len(text)<n: raise OSError('the worker is lost')
        return text

    def receive(self):
        "The next message. Raises: `OSError`, `wire.Breach` if the worker is lost."
        return wire.receive(self.read)

    def close(self):
        "End the worker and its sandbox."
        self.process.terminate()
        try: self.process.wait(10)
        except subprocess.TimeoutExpired: self.process.kill()
        self.process.wait()
        self.socket.close()


class Pool:
    "Hands programs to workers, and their outcomes to the caller, in order. The programs of a lost worker run again."
    def __init__(self, settings, n_workers=None):
        self.settings = settings
        self.patience = 60+10*(settings['cpu_s']+settings['wall_s']) # seconds until a silent worker counts as lost
        self.workers, self.ready = [], selectors.DefaultSelector()
        self.again, self.done, self.lost, self.taken = deque(), {}, Counter(), 0
        workers = [Worker(settings) for _ in range(n_workers or cores())] # they start side by side
        for worker in workers: self.hire(worker)

    def hire(self, worker=None):
        "Add a worker. If it cannot be started, try again with a new one. Raises: `OSError`."
        for attempt in range(1, STARTS+1):
            try: worker = (worker or Worker(self.settings)).confirm()
            except OSError:
                worker = None
                if attempt==STARTS: raise
            else: break
        self.workers.append(worker)
        self.ready.register(worker.socket, selectors.EVENT_READ, worker)

    def dismiss(self, worker):
        "End a worker."
        self.ready.unregister(worker.socket)
        self.workers.remove(worker)
        worker.close()

    def close(self):
        "End all workers."
        for worker in list(self.workers): self.dismiss(worker)
        self.ready.close()

    def replace(self, worker):
        """Hire a new worker for a lost one, whose programs run next. Its current program has one attempt less, or none
        if judging took too long."""
        self.dismiss(worker)
        too_long = worker.process.returncode==-signal.SIGPROF
        if worker.given: self.lost[worker.given[0][0]] += LOSSES if too_long else 1
        for number, program in reversed(worker.given):
            if self.lost[number]<LOSSES: self.again.appendleft((number, program))
            else: self.done[number] = unrunnable(program, 'JudgeTimeout' if too_long else 'WorkerLost')
        worker.given.clear()
        self.hire()

    def next(self, source, oldest):
        "The next program with its number, or None if there is none yet."
        if self.again: return self.again.popleft()
        if self.taken-oldest>=AHEAD: return None
        entry = next(source, None)
        self.taken += entry is not None
        return entry

    def give(self, worker, number, program):
        "Send a program to a worker. Returns None if it must wait, or if the worker is lost."
        size = len(program['code'])+len(program['setup'])+sum(map(len, program['tests']))
        if worker.given and size>SMALL: return self.again.appendleft((number, program))
        if not worker.given: worker.since = time.monotonic()
        worker.given.append((number, program))
        try: sent = wire.send(worker.socket, program | dict(id=number))
        except OSError: return self.replace(worker)
        if not sent: self.done[number] = unrunnable(worker.given.pop()[1], 'TooLarge')
        return True

    def feed(self, source, oldest):
        "Hand programs to free workers."
        for worker in list(self.workers):
            while len(worker.given)<QUEUED:
                entry = self.next(source, oldest)
                if entry is None: return
                if not self.give(worker, *entry): break

    def collect(self):
        "Collect outcomes. A worker that has been silent for too long is lost."
        for key, _ in self.ready.select(1.):
            worker = key.data
            try: outcome = worker.receive()
            except (OSError, wire.Breach): self.replace(worker)
            else:
                self.done[worker.given.popleft()[0]] = outcome
                worker.since = time.monotonic()
        for worker in list(self.workers):
            if worker.given and time.monotonic()-worker.since>self.patience: self.replace(worker)

    def run(self, programs):
        "Run programs from any iterable; their outcomes, in the same order. It may be called again when it has ended."
        source, oldest, self.taken = enumerate(programs), 0, 0
        self.lost.clear()
        while True:
            self.feed(source, oldest)
            while oldest in self.done:
                yield self.done.pop(oldest)
                oldest += 1
            if any(worker.given for worker in self.workers): self.collect()
            elif oldest==self.taken and not self.again and not self.done: return


def unrunnable(program, error):
    "Outcome of a program that no worker could finish."
    n = len(program['tests'])
    return dict(status='killed', error=error, tests=['not_run']*n, errors=[error]*n, values=[], cpu_s=0., wall_s=0.,
                judge='values', changed=[])
