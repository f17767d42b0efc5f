"""The worker's view of sandboxes and of the processes in them: messages, and the limits on what each uses.

Nothing here waits for a program longer than its limits: every read and write is in pieces, with looks between them.
"""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import layers
import scratch
import wire

REPORT = struct.Struct('!idq')
TICK, QUICK_TICK = .05, .01 # seconds between looks at a program; the quick one where nothing bounds its directory
LATE = 2                    # looks further apart than that many ticks were kept waiting themselves
WORK, NAPS = .01, 1.5       # processor seconds that are a sign of work; sleep in all, in longest sleeps
MAX_THREADS = 64
GROWTH = 16<<20            # bytes of memory that a harmless program may leave behind
HELLO_S = 20                # for a sandbox to fork
PIECE = 1<<16
PAGE, TICKS = os.sysconf('SC_PAGE_SIZE'), os.sysconf('SC_CLK_TCK')


def descendants(pid):
    "Processes below the two of a sandbox: a program's."
    found, parents = [], [(pid, 0)]
    while parents:
        parent, depth = parents.pop()
        try:
            with open(f'/proc/{parent}/task/{parent}/children') as file: pids = list(map(int, file.read().split()))
        except OSError: continue
        if depth: found += pids
        parents += [(one, depth+1) for one in pids]
    return found


class Ended(BaseException):
    "The program is over: `kind` is timeout, memory or killed."
    def __init__(self, kind, error): self.kind, self.error = kind, error


class SandboxLost(Exception):
    "The sandbox broke down; the program is run again in a new one."


class Sandbox:
    "A sandbox's process, and how it is asked for children. Raises: `OSError` if the machine does not allow the level."
    def __init__(self, settings):
        self.directory = '' if settings['level']=='namespaces' else scratch.new_directory(settings['tmp_mb'],
            settings['packages'])
        self.processes, self.pages = settings['processes'], 0 # pages of a child that has done nothing
        self.control, theirs = socket.socketpair()
        settings = settings | dict(control=theirs.fileno(), directory=self.directory)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'zygote.py')
        command = [settings.get('python') or sys.executable, '-S', '-s', '-P', '-B', script, json.dumps(settings)]
        null, environment = subprocess.DEVNULL, layers.clean_environment() | dict(LD_BIND_NOW='1', MALLOC_ARENA_MAX='1')
        self.process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, env=environment,
                                        pass_fds=[theirs.fileno()], cwd='/')
        theirs.close()
        with self.control.makefile('rb', buffering=0) as file: line = file.readline()
        said = json.loads(line) if line else dict(error='the sandbox ended while it was set up')
        error, self.python = said.get('error'), tuple(said.get('python', ()))
        if error:
            self.close()
            raise OSError(error)
        if hasattr(socket, 'SO_PASSCRED'): self.control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def fork(self, role, fds):
        "A new child with these descriptors; its process number as we see it, 0 where the kernel does not say."
        try:
            socket.send_fds(self.control, [role], fds)
            self.control.settimeout(HELLO_S)
            text, extra, *_ = self.control.recvmsg(1, socket.CMSG_SPACE(12))
        except OSError: raise SandboxLost from None
        if text!=b'!': raise SandboxLost
        kind = getattr(socket, 'SCM_CREDENTIALS', None)
        return next((struct.unpack('3i', value)[0] for _, what, value in extra if what==kind), 0)

    def finish(self):
        "End the child; its wait status, CPU seconds, and largest resident set in KiB."
        try:
            self.control.sendall(b'K')
            text = self.control.recv(REPORT.size, socket.MSG_WAITALL)
        except OSError: text = b''
        if len(text)<REPORT.size: raise SandboxLost
        return REPORT.unpack(text)

    def close(self):
        self.control.close()
        self.process.wait()
        if self.directory: layers.remove_directory(self.directory)


class Process:
    "One child of a sandbox: messages to and from it, and the limits on its time."
    def __init__(self, sandbox, role, limits, *more):
        self.limits, self.buffer, self.last_size = limits, bytearray(), 0
        self.family = sandbox.process.pid if sandbox.processes else 0 # whose descendants are the program's processes
        self.channel, theirs = socket.socketpair()
        self.scratch = sandbox.directory and limits['level']!='namespaces' and scratch.Scratch(sandbox.directory,
            limits['tmp_mb']<<20)
        self.begin(0., 0.)
        try: self.pid = sandbox.fork(role, [theirs.fileno(), *[getattr(one, 'fileno', lambda: one)() for one in more]])
        except SandboxLost:
            self.channel.close()
            raise
        finally: theirs.close()
        self.pages = sandbox.pages = sandbox.pages or self.address_space()
        self.tick = QUICK_TICK if limits['level']!='namespaces' else TICK
        self.poller = select.poll()
        self.poller.register(self.channel, select.POLLIN)

    def begin(self, cpu, waited):
        "From here on, its time counts for a program: what it has used before does not."
        self.before = cpu, waited
        self.start = self.checked = time.monotonic()
        self.busy = self.last = 0.     # seconds on a processor or waiting for one: now, at the last sign of work
        self.since = self.start        # when that was
        self.cpu = self.helped = 0.    # its own seconds at that sign, and those that the other process was busy
        self.lost = 0.                 # seconds that this machine had no time even for looks
        self.waited = self.queued = 0. # seconds that it waited for a processor, and that the other did

    def renew(self, limits):
        "Begin with another program, after a harmless one."
        self.limits = limits
        cpu, waited, _ = self.usage()
        self.begin(cpu+self.before[0], waited+self.before[1])
        if self.scratch: self.scratch.due = 0.

    def close(self): self.channel.close()

    def wait(self, event=select.POLLIN, beside=None):
        "Wait until there is something to read, or room to write. Raises: `Ended` when its time is up."
        self.poller.modify(self.channel, event)
        while True:
            ready = self.poller.poll(1000*self.tick)
            if time.monotonic()-self.checked>=self.tick: self.look(beside)
            if ready: return

    def look(self, beside=None):
        "Check the limits of this process, and of the one that it works with: one is idle while the other is busy."
        if beside: self.helped = beside.busy
        self.check()
        if beside:
            beside.helped, beside.queued = self.busy, self.waited
            beside.check()

    def check(self):
        """See what the process has used. Only seconds in which it could have run count as idle, however loaded the
        machine. Raises: `Ended` if its time is up, it does nothing, or it has too many threads or files."""
        now = time.monotonic()
        self.lost += max(0., now-self.checked-LATE*self.tick)
        self.checked = now
        cpu, self.waited, threads = self.usage()
        self.busy = cpu+self.waited
        if cpu>=self.limits['cpu_s'] or self.is_idle() and not self.is_runnable(): raise Ended('timeout', 'Timeout')
        if cpu-self.cpu>=WORK: self.cpu, self.last, self.since = cpu, self.away(), now
        if threads>MAX_THREADS: raise Ended('killed', 'TooManyThreads')
        if self.scratch and self.scratch.exceeded(self.pid, cpu if self.pid else now):
            raise Ended('killed', 'DiskQuota')

    def away(self):
        "Seconds so far in which it was no fault of this process that nothing went on."
        return self.busy+self.helped+self.lost

    def seconds(self):
        "Seconds since it began, without those that the machine let it wait."
        return time.monotonic()-self.start-self.lost-self.waited-self.queued

    def is_idle(self):
        "Whether the process has slept for too long: since its last sign of work, or in all."
        away = self.away()
        return (self.checked-self.since-(away-self.last)>=self.limits['wall_s']
                or self.checked-self.start-away>=NAPS*self.limits['wall_s'])

    def is_runnable(self):
        "Whether a thread is on a processor or waits for one: the kernel counts a wait when it ends."
        try:
            for task in os.listdir(f'/proc/{self.pid}/task'):
                with open(f'/proc/{self.pid}/task/{task}/stat', 'rb') as file: text = file.read()
                if text.rpartition(b') ')[2][:1]==b'R': return True
        except OSError: pass # it has ended
        return False

    def usage(self):
        "CPU seconds so far, seconds spent waiting for a processor, threads. Zeros where the kernel does not tell."
        try:
            cpu = self.cpu_seconds()
            with open(f'/proc/{self.pid}/schedstat') as file: waited = int(file.read().split()[1])/1e9-self.before[1]
            return cpu+self.others(), waited, len(os.listdir(f'/proc/{self.pid}/task'))
        except (OSError, IndexError, ValueError): return 0., 0., 0

    def others(self):
        """Processor seconds of the processes that the program has started, those that have ended too.
        Raises: `Ended` if there are too many, or all together use too much memory."""
        cpu, pages, family = 0., 0, descendants(self.family) if self.family else ()
        if len(family)>1+self.limits['processes']: raise Ended('killed', 'TooManyProcesses')
        for pid in family:
            try:
                with open(f'/proc/{pid}/stat', 'rb') as file: ended = file.read().rpartition(b') ')[2].split()[13:15]
                cpu += sum(map(int, ended))/TICKS
                with open(f'/proc/{pid}/statm') as file: pages += int(file.read().split()[1])
                if pid!=self.pid: cpu += time.clock_gettime(~pid<<3 | 2)
            except (OSError, IndexError): pass # it has ended
        if pages*PAGE>self.limits['memory_mb']<<20: raise Ended('memory', 'MemoryError')
        return cpu

    def address_space(self):
        "Pages of memory that the process has asked for; 0 where the kernel does not tell."
        try:
            with open(f'/proc/{self.pid}/statm') as file: return int(file.read().split()[0])
        except (OSError, IndexError, ValueError): return 0

    def is_as_new(self):
        "Whether the process holds hardly more memory than at first, and has nothing to say."
        pages = self.address_space()
        return 0<pages<=self.pages+GROWTH//PAGE and not self.buffer and not self.poller.poll(0)

    def cpu_seconds(self): return time.clock_gettime(~self.pid<<3 | 2)-self.before[0] if self.pid else 0.

    def read(self, n, beside=None):
        "Exactly n bytes. Raises: `Ended`."
        while len(self.buffer)<n:
            try: text = self.channel.recv(max(PIECE, min(n-len(self.buffer), 1<<20)), socket.MSG_DONTWAIT)
            except BlockingIOError:
                self.wait(beside=beside)
                continue
            except OSError: text = b''
            if not text: raise Ended('killed', '')
            self.buffer += text
            if time.monotonic()-self.checked>=self.tick: self.look(beside)
        text = bytes(self.buffer[:n])
        del self.buffer[:n]
        return text

    def receive(self, beside=None):
        "The next message. Raises: `Ended`."
        try:
            self.last_size = wire.size_of(self.read(wire.SIZE, beside), wire.MAX_REPLY)
            return wire.decoded(self.read(self.last_size, beside), wire.MAX_REPLY)
        except wire.Breach as e: raise Ended('killed', 'Breach') from e

    def send(self, message):
        "Write a message; never waits for a child that does not read. Raises: `Ended`."
        text = wire.framed(message)
        if not text: raise Ended('killed', 'TooLarge')
        text = memoryview(text)
        while text:
            try: text = text[self.channel.send(text, socket.MSG_DONTWAIT):]
            except BlockingIOError: self.wait(select.POLLOUT)
            except OSError: raise Ended('killed', '') from None
