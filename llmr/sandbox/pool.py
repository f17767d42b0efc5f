"""The caller's side: workers as processes, and programs on their way to them and back."""
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

AHEAD = 4096     # outcomes that may wait for an older one
QUEUED = 2       # programs at a worker: the one it is at, and the next
SMALL = 60_000   # bytes that a program may have to be the next one: they wait in the socket
STARTS = 3       # chances of a worker to be set up
LOSSES = 2       # workers that one program may cost


def cores(): return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


class Worker:
    "A judge process with its sandbox, and the programs that it was given. It is of use once it is confirmed."
    def __init__(self, settings):
        self.socket, theirs = socket.socketpair()
        command = [sys.executable, '-S', '-s', '-P', '-W', 'ignore', str(Path(__file__).with_name('judge.py')), json.dumps(settings | dict(parent=theirs.fileno()))]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=layers.clean_environment(), start_new_session=True)
        theirs.close()
        self.given, self.since = deque(), time.monotonic()

    def confirm(self):
        "Wait until it is set up. Raises: `OSError` if that fails."
        try: error = self.receive().get('error')
        except (OSError, wire.Breach): error = 'the worker ended while it was set up'
        if error:
            self.close()
            raise OSError(error)
        return self

    def read(self, n):
        text = self.socket.recv(n, socket.MSG_WAITALL)
        if len(text)<n: raise OSError('the worker is lost')
        return text

    def receive(self):
        "Next message. Raises: `OSError`, `wire.Breach` if the worker is lost."
        return wire.receive(self.read)

    def close(self):
        "End the worker and its sandbox."
        self.process.terminate()
        try: self.process.wait(10)
        except subprocess.TimeoutExpired: self.process.kill()
        self.process.wait()
        self.socket.close()


class Pool:
    "Gives programs to workers and their outcomes to the caller, in order. Lost workers are replaced, and their programs run again."
    def __init__(self, settings, n_workers=None):
        self.settings, self.patience = settings, 60+10*(settings['cpu_s']+settings['wall_s'])
        self.workers, self.ready = [], selectors.DefaultSelector()
        self.again, self.done, self.lost, self.taken = deque(), {}, Counter(), 0
        for worker in [Worker(settings) for _ in range(n_workers or cores())]: self.hire(worker)

    def hire(self, worker=None):
        "One more worker. One that is lost while it is set up is tried again. Raises: `OSError`."
        for chance in range(STARTS):
            try: worker = (worker or Worker(self.settings)).confirm()
            except OSError:
                worker = None
                if chance==STARTS-1: raise
            else: break
        self.workers.append(worker)
        self.ready.register(worker.socket, selectors.EVENT_READ, worker)

    def dismiss(self, worker):
        "End a worker."
        self.ready.unregister(worker.socket)
        self.workers.remove(worker)
        worker.close()

    def close(self):
        "End all of them."
        for worker in list(self.workers): self.dismiss(worker)
        self.ready.close()

    def replace(self, worker):
        "A new worker for a lost one, whose programs come first; the one that it was at has one chance less, or none if judging it took too long."
        self.dismiss(worker)
        too_long = worker.process.returncode==-signal.SIGPROF
        if worker.given: self.lost[worker.given[0][0]] += LOSSES if too_long else 1
        for number,program in reversed(worker.given):
            if self.lost[number]<LOSSES: self.again.appendleft((number, program))
            else: self.done[number] = unrunnable(program, 'JudgeTimeout' if too_long else 'WorkerLost')
        worker.given.clear()
        self.hire()

    def next(self, source, oldest):
        "The next program with its number; None while there is none to give out."
        if self.again: return self.again.popleft()
        if self.taken-oldest>=AHEAD: return None
        entry = next(source, None)
        self.taken += entry is not None
        return entry

    def give(self, worker, number, program):
        "Send a program to a worker. False if it must wait until a worker is free, or this one is lost."
        size = len(program['code'])+len(program['setup'])+sum(map(len, program['tests']))
        if worker.given and size>SMALL: return self.again.appendleft((number, program))
        if not worker.given: worker.since = time.monotonic()
        worker.given.append((number, program))
        try: sent = wire.send(worker.socket, program | dict(id=number))
        except OSError: return self.replace(worker)
        if not sent: self.done[number] = unrunnable(worker.given.pop()[1], 'TooLarge')
        return True

    def feed(self, source, oldest):
        "Give out what there is to whoever is free."
        for worker in list(self.workers):
            while len(worker.given)<QUEUED:
                entry = self.next(source, oldest)
                if entry is None: return
                if not self.give(worker, *entry): break

    def collect(self):
        "Take in what has come; a worker that is long overdue is lost."
        for key,_ in self.ready.select(1.):
            try: outcome = key.data.receive()
            except (OSError, wire.Breach): self.replace(key.data)
            else:
                self.done[key.data.given.popleft()[0]] = outcome
                key.data.since = time.monotonic()
        for worker in [w for w in self.workers if w.given and time.monotonic()-w.since>self.patience]: self.replace(worker)

    def run(self, programs):
        "Outcomes of programs from any iterator, in their order."
        source, oldest = enumerate(programs), 0
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
    return dict(status='killed', error=error, tests=['not_run']*n, errors=[error]*n, values=[], cpu_s=0., wall_s=0.)
