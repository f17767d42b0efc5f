"""Run every program of `hostile/` in one sandbox level, with canaries around it: `python hostile_run.py LEVEL FOLDER`.

A process of its own, so that it can be another user and adopt whatever the programs leave running. Writes
FOLDER/report.json, which `test_hostile.py` reads.
"""
import ctypes
import hashlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

HOSTILE = Path(__file__).with_name('hostile')
TESTS = ('assert add(1, 2) == 3', 'assert add(5, 7) == 12', 'assert add(-1, 1) == 0')
MEMORY_MB = 1024
PYTHON = os.environ.get('LLMR_TEST_PYTHON') # the interpreter that runs the programs; ours if None
ENDLESS = dict(cpu_s=.5, wall_s=.6)  # for programs that have to run into a limit
BRIEF = dict(cpu_s=.7, wall_s=1.)    # for programs that may run into one
SHORT = dict(cpu_s=1.25, wall_s=1.5) # for programs that may fill their memory before
LONG = dict(cpu_s=20., wall_s=20.)   # for programs that have to end by themselves, however slow the machine
GUARD_PROCESSES, GUARD_MB = 400, 8000 # more means that the sandbox failed: everything is ended

# What the program after a hostile one looks like from inside: the same as before it.
SENTINEL = '''
import builtins, collections, decimal, fcntl, gc, heapq, json, locale, math, os, random, re, signal, stat, sys
import threading, time
def files():
    here = os.stat('.')
    with open('temporary', 'wb') as file: written = file.write(b'x'*1000)
    os.remove('temporary')
    with open('own.txt', 'w') as file: file.write('mine')
    marks = [] if sys.platform=='darwin' else os.listxattr('.')
    return dict(files=sorted(os.listdir('.')), mode=stat.filemode(here.st_mode), marks=marks, written=written,
                old=abs(time.time()-here.st_mtime)>3600, temporary=os.environ['TMPDIR']==os.getcwd())
def process():
    return dict(environment=sorted(os.environ), zone=time.tzname, umask=os.umask(0o077),
                threads=threading.active_count(), nice=os.getpriority(os.PRIO_PROCESS, 0),
                processors=len(os.sched_getaffinity(0)),
                handlers=[str(signal.getsignal(n)) for n in (2, 10, 14, 15)],
                streams=[s is not None for s in (sys.stdin, sys.stdout)],
                flags=[fcntl.fcntl(n, fcntl.F_GETFL) for n in range(3)])
def interpreter():
    return dict(random=random.random(), hash=hash('llmr'), recursion=sys.getrecursionlimit(),
                precision=decimal.getcontext().prec, locale=locale.setlocale(locale.LC_ALL), collecting=gc.isenabled(),
                switch=sys.getswitchinterval(), digits=sys.get_int_max_str_digits(),
                named=hasattr(builtins, 'SENTINEL'),
                roots=[math.sqrt(9), sum([1, 2]), sorted([2, 1]), abs(-1)],
                counter=dict(collections.Counter('aab')), loaded=json.loads('[1]'), compiled=re.compile('a').pattern,
                heap=heapq.nsmallest(1, [2, 1]), path=[p for p in sys.path if 'tmp' in p])
def state():
    found = files() | process() | interpreter()
    import colorsys, xml.dom
    return found | dict(fresh=colorsys.__name__+xml.dom.__name__, open=[n for n in range(64) if is_open(n)])
def is_open(descriptor):
    try: return bool(os.fstat(descriptor))
    except OSError: return False
'''


class Header:
    "First lines of a program: what may come of it, its kind, its own tests."
    def __init__(self, text):
        lines = [line[2:].split(': ', 1) for line in text.split('\n') if line.startswith('# ') and ': ' in line]
        pick = lambda name: [value for key,value in lines if key==name]
        self.expect, self.kind = [word.strip() for word in pick('expect')[0].split(',')], pick('kind')[0]
        self.levels = pick('levels')[0].split(',') if pick('levels') else None
        self.tests = tuple(pick('test')) or TESTS


def allowed(expected, grade):
    "Whether an outcome is the one that a header's word stands for. Only `N passed` may have a pass."
    passed = grade['tests'].count('passed')
    if found := re.fullmatch(r'(\d+) passed', expected): return passed==int(found[1])
    what, _, rest = expected.partition('=')
    word, _, error = rest.partition(':')
    if passed: return False
    if what=='status': return grade['status']==word and error in ('', grade['error'])
    return set(grade['tests'])=={word} and all(error in ('', name) for name in grade['errors'])


def limits_for(expect):
    """Little time for programs that never end, some for those that may run into a limit, much for those that have to
    end by themselves."""
    if all(word.startswith('status=timeout') for word in expect): return ENDLESS
    if not any('timeout' in word or word=='0 passed' for word in expect): return LONG
    return SHORT if any('memory' in word or 'killed' in word for word in expect) else BRIEF


def made_sources():
    "Programs that are no text, or too large to keep: name -> (outcomes that are allowed, source)."
    add, passes, refused = 'def add(a, b): return a+b\n', '3 passed', 'status=syntax_error'
    deep = [refused, 'status=killed:SIGSEGV', 'status=memory']
    latin = add.encode()+b'# caf\xe9\nx = "\xff\xfe"\n'
    ifs = ''.join(' '*n+'if 1:\n' for n in range(150))+' '*150+'x = 1\n'
    encoded = dict(
        null_byte=([refused], add+'x = 1\0\n'),
        mark=([passes, refused], '\ufeff'+add),
        surrogate=([refused], add+'x = "\ud800"\n'),
        latin=([refused, passes], latin.decode('utf-8', 'surrogateescape')),
        declared=([passes, refused], '# -*- coding: utf-16 -*-\n'+add),
        empty=(['0 passed'], ''),
        comment=(['0 passed'], '# nothing\n'*1000),
        returns=([passes, refused], add.replace('\n', '\r\n')+'\x0c\r\n'))
    nested = dict(
        parentheses=(deep, add+'x = '+'('*50_000+'1'+')'*50_000),
        minus=([*deep, passes, 'status=module_error:RecursionError'], add+'x = '+'-'*200_000+'1'),
        sum=([*deep, passes], add+'x = '+'+'.join(['1']*50_000)),
        lambdas=(deep, add+'x = '+'lambda: '*20_000+'1'),
        attributes=([*deep, 'status=module_error', passes], add+'x = add'+'.a'*50_000),
        brackets=(deep, add+'x = '+'['*300+']'*300+'\n'+'x = '+'['*20_000),
        ifs=(deep, add+ifs),
        format=([*deep, passes, 'status=module_error'], add+'x = '+'f"{'*3000+'1'+'}"'*3000),
        comparisons=([*deep, passes], add+'x = '+'<'.join(['1']*30_000)))
    long = dict(
        digits=([refused], add+'x = '+'9'*100_000),
        hexadecimal=([passes], add+'x = 0x'+'f'*1_000_000),
        long=([passes], add+'x = 1 # padding\n'*300_000),
        longer=([passes], add+'# '+'x'*20_000_000),
        text=([passes], add+'x = "'+'y'*5_000_000+'"\n'))
    return {f'source_{name}': made for name, made in (encoded | nested | long).items()}


def programs(folder, port, victim):
    "`name -> (outcomes that are allowed, tests, source)`, placeholders filled in."
    places = dict(DATA=folder/'data', HOME=folder/'home', PORT=port, VICTIM=victim, TESTS=HOSTILE)
    made = {}
    for path in sorted(HOSTILE.glob('*.py')):
        text = path.read_text()
        header = Header(text)
        made[path.stem] = header.expect, header.tests, re.sub('@([A-Z]+)@', lambda found: str(places[found[1]]), text)
    return made | {name: (expect, TESTS, source) for name,(expect, source) in made_sources().items()}


def tree(folder):
    "Names, kinds, modes, owners, times, marks and contents of all below a folder, as one line each."
    rows = []
    for path in sorted([folder, *folder.rglob('*')]):
        about = path.lstat()
        text = os.readlink(path) if path.is_symlink() else ''
        if stat.S_ISREG(about.st_mode): text = hashlib.sha256(path.read_bytes()).hexdigest()
        mode, marks = stat.filemode(about.st_mode), os.listxattr(path, follow_symlinks=False)
        numbers = about.st_uid, about.st_gid, about.st_nlink, about.st_mtime_ns
        rows.append(f'{path.relative_to(folder)} {mode} {numbers} {marks} {text}')
    return rows


def processes():
    "`pid -> (parent, command line)` of all that can be seen."
    found = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        fields = state(name)
        if fields and fields[0]!='Z': found[int(name)] = int(fields[1]), command_line(name)
    return found


def descendants(of):
    "`pid -> command line` of a process' children, their children, and so on."
    family, parents = {}, [of]
    while parents:
        pids = children(parents.pop())
        family |= {pid: command_line(pid) for pid in pids}
        parents += pids
    return family


def children(pid):
    "Process ids of a process' children that have not ended."
    try: lists = [(task/'children').read_text() for task in Path(f'/proc/{pid}/task').iterdir()]
    except OSError: return []
    return [int(child) for text in lists for child in text.split() if state(child)[:1] not in ([], ['Z'])]


def state(pid):
    "Fields of a process' state behind its name; none if it has ended."
    try: return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError: return []


def command_line(pid):
    try: return Path(f'/proc/{pid}/cmdline').read_bytes().replace(b'\0', b' ').decode('utf-8', 'replace')
    except OSError: return ''


def cpu_s(pid):
    "Processor seconds of a process, of its descendants, and of those that these have waited for."
    ticks = [sum(map(int, state(one)[11:15])) for one in (pid, *descendants(pid))]
    return sum(ticks)/os.sysconf('SC_CLK_TCK')


def memory_mb(pid, field):
    try: return next(int(line.split()[1])/1024 for line in open(f'/proc/{pid}/status') if line.startswith(field))
    except (OSError, StopIteration): return 0.


class Watch(threading.Thread):
    """Looks at our processes all the time: their largest memory, the folders that they use. Ends everything if the
    sandbox fails."""
    def __init__(self, victim):
        super().__init__(daemon=True)
        self.victim, self.judge_mb, self.child_mb, self.folders, self.on = victim, 0., 0., set(), True

    def run(self):
        while self.on:
            self.look({pid: line for pid, line in descendants(os.getpid()).items() if pid!=self.victim})
            time.sleep(.06)

    def look(self, ours):
        for pid, line in ours.items():
            if 'judge.py' in line: self.judge_mb = max(self.judge_mb, memory_mb(pid, 'VmHWM'))
            else: self.child_mb = max(self.child_mb, memory_mb(pid, 'VmRSS'))
            self.folders.update(re.findall(r'/[\w./-]+/llmr-sandbox-\w+', line))
        if len(ours)>GUARD_PROCESSES or sum(memory_mb(pid, 'VmRSS') for pid in ours)>GUARD_MB:
            for pid in ours: os.kill(pid, signal.SIGKILL)
            os._exit(3)


class Listeners:
    "Ears on the loopback address, on a path and on an abstract name: whatever they hear was sent by a program."
    def __init__(self, folder):
        self.heard = []
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.boxes = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
        for box, name in zip(self.boxes, (str(folder/'data'/'inbox'), f'\0llmr-inbox-{self.port}')): box.bind(name)

    def stop(self):
        for ear in (self.server, *self.boxes):
            ear.setblocking(False)
            try: self.heard.append(str(ear.accept()[1] if ear is self.server else ear.recv(100)))
            except BlockingIOError: pass
        return self.heard


def make_canaries(folder):
    for name in ('data', 'home'): (folder/name).mkdir()
    (folder/'data'/'keep.txt').write_text('CANARY\n')
    (folder/'data'/'tests.json').write_text(json.dumps({'1,2': 3, '5,7': 12, '-1,1': 0}))
    (folder/'home'/'notes.txt').write_text('CANARY\n')
    (folder/'home'/'folder').mkdir()
    for path in ('data/keep.txt', 'home/notes.txt'): os.chmod(folder/path, 0o640)


def about_process(pid):
    "What a program of the same user could change about a process."
    import resource
    return [os.getpriority(os.PRIO_PROCESS, pid), sorted(os.sched_getaffinity(pid)), os.sched_getscheduler(pid),
            resource.prlimit(pid, resource.RLIMIT_NOFILE), state(pid)[0]]


def devices():
    "Mode, owner and time of the files that every process is given open."
    about = os.stat(os.devnull)
    return [stat.filemode(about.st_mode), about.st_uid, about.st_ctime_ns]


def kernel_objects():
    paths = [Path(f'/proc/sysvipc/{kind}') for kind in ('shm', 'sem', 'msg')]
    return [path.read_text().count('\n') for path in paths if path.exists()]


def run_job(folder):
    "Run the completions of a folder; its cache and its outcomes go there, too. In a session of its own."
    os.setsid()
    import pandas as pd
    from llmr.execution import execute
    tasks, completions = (pd.read_parquet(f'{folder}/{name}.parquet') for name in ('tasks', 'completions'))
    outcomes = execute(completions, tasks, cache=f'{folder}/cache.sqlite', on_progress=lambda done, total: None)
    outcomes.to_parquet(f'{folder}/outcomes.parquet')


def start_victim(folder):
    "A process that programs could harm. It is asleep from here on."
    victim = subprocess.Popen([sys.executable, '-c', 'print("up", flush=True); import time; time.sleep(36000)'],
                              start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    victim.stdout.readline()
    while state(victim.pid)[0]!='S': time.sleep(.01)
    (folder/'data'/'victim.pid').write_text(str(victim.pid))
    return victim


def outside(folder, victim):
    "State of everything that no program may change."
    return dict(data=tree(folder/'data'), home=tree(folder/'home'), victim=about_process(victim.pid),
                own=about_process(os.getpid()), kernel=kernel_objects(), devices=devices())


def run_row(start, programs, limits, level):
    "Run programs in one worker, the sentinel before the first and after each. Returns their grades and its states."
    sentinel, grades, states = Program(SENTINEL, ('state()',), values=True), {}, {}
    row = [(start, sentinel)]
    for name, program in programs.items(): row += [(name, program), (name, sentinel)]
    limits = Limits(**limits, memory_mb=MEMORY_MB, python=PYTHON)
    done = run_programs([program for _, program in row], limits, workers=1, isolation=level)
    for (name, program), grade in zip(row, done):
        if program is sentinel:
            passed = grade.tests==('passed',)
            states[name] = repr(grade.values[0]) if passed else f'{grade.status} {grade.error} {grade.errors}'
            continue
        grades[name] = grade._asdict() | dict(limit_s=limits.cpu_s)
        if 'HOSTILE_TALK' in os.environ: print(name, *grade[:6], file=sys.stderr, flush=True)
    return grades, states


def run_all(every, level):
    "Run all programs, those with the same limits together."
    grades, states = {}, {}
    for start, limits in (('start', ENDLESS), ('second start', BRIEF), ('third start', SHORT), ('fourth start', LONG)):
        names = [name for name, (expect, *_) in every.items() if limits_for(expect) is limits]
        of_row = run_row(start, {name: Program(every[name][2], every[name][1]) for name in names}, limits, level)
        grades, states = grades | of_row[0], states | of_row[1]
    return grades, states


def main(level, folder):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) # orphans become our children
    os.environ['LLMR_TEST_SECRET'] = os.environ['SECRET_API_KEY'] = 'CANARY'
    make_canaries(folder)
    victim = start_victim(folder)
    try: (folder/'report.json').write_text(json.dumps(report(level, folder, victim)))
    finally:
        victim.kill()
        victim.wait()


def report(level, folder, victim):
    "Run everything. Returns what came of it, and the state of the world before and after."
    ears, wanted = Listeners(folder), re.compile(os.environ.get('HOSTILE_ONLY', ''))
    every = {name: made for name, made in programs(folder, ears.port, victim.pid).items() if wanted.search(name)}
    before, watch, size = outside(folder, victim), Watch(victim.pid), memory_mb(os.getpid(), 'VmRSS')
    watch.start()
    grades, states = run_all(every, level)
    grown = memory_mb(os.getpid(), 'VmRSS')-size
    watch.on = False
    watch.join()
    return dict(
        grades=grades, states=states, before=before, after=outside(folder, victim), heard=ears.stop(),
        left={pid: line for pid, line in descendants(os.getpid()).items() if pid!=victim.pid}, grown_mb=grown,
        judge_mb=watch.judge_mb, child_mb=watch.child_mb, used=sorted(watch.folders),
        folders_left=[path for path in watch.folders if os.path.exists(path)], alive=victim.poll() is None,
        stray=[str(path) for top in ('/dev/shm', '/var/tmp', '/', '/run') for path in Path(top).glob('llmr_hostile*')])


if __name__=='__main__':
    from llmr.execution import Limits, Program, run_programs
    main(sys.argv[1], Path(sys.argv[2]))
