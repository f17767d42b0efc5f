"""Run every program of `hostile/` in one sandbox level, with canaries around it: `python hostile_run.py LEVEL FOLDER`.

A process of its own, so that it can be another user and adopt whatever the programs leave running. Writes FOLDER/report.json.
`test_hostile.py` reads it.
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
ENDLESS = dict(cpu_s=.5, wall_s=.6)  # for programs that have to run into a limit
SHORT = dict(cpu_s=1.25, wall_s=1.5) # for programs that may run into one
LONG = dict(cpu_s=20., wall_s=20.)   # for programs that have to end by themselves, however slow the machine
GUARD_PROCESSES, GUARD_MB = 400, 8000 # more than that is a harness that failed: everything is ended

# What the program after a hostile one looks like from inside: the same as before it.
SENTINEL = '''
import builtins, collections, decimal, fcntl, gc, heapq, json, locale, math, os, random, re, signal, stat, sys, tempfile, threading, time
def state():
    here = os.stat('.')
    with tempfile.TemporaryFile() as file: written = file.write(b'x'*1000)
    with open('own.txt', 'w') as file: file.write('mine')
    found = dict(files=sorted(os.listdir('.')), mode=stat.filemode(here.st_mode), old=abs(time.time()-here.st_mtime)>3600, marks=[] if sys.platform=='darwin' else os.listxattr('.'),
                 temporary=tempfile.gettempdir()==os.getcwd(), written=written, environment=sorted(os.environ), zone=time.tzname, umask=os.umask(0o077), random=random.random(), hash=hash('llmr'))
    found |= dict(recursion=sys.getrecursionlimit(), precision=decimal.getcontext().prec, locale=locale.setlocale(locale.LC_ALL), collecting=gc.isenabled(), threads=threading.active_count(),
                  switch=sys.getswitchinterval(), digits=sys.get_int_max_str_digits(), nice=os.getpriority(os.PRIO_PROCESS, 0), processors=len(os.sched_getaffinity(0)), named=hasattr(builtins, 'SENTINEL'),
                  handlers=[str(signal.getsignal(n)) for n in (2, 10, 14, 15)], roots=[math.sqrt(9), sum([1, 2]), sorted([2, 1]), abs(-1)], streams=[s is not None for s in (sys.stdin, sys.stdout)], flags=[fcntl.fcntl(n, fcntl.F_GETFL) for n in range(3)])
    found |= dict(counter=dict(collections.Counter('aab')), loaded=json.loads('[1]'), compiled=re.compile('a').pattern, heap=heapq.nsmallest(1, [2, 1]), path=[p for p in sys.path if 'tmp' in p])
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
    "Little time for programs that never end, some for those that may run into a limit, much for those that have to end by themselves."
    if all(word.startswith('status=timeout') for word in expect): return ENDLESS
    return SHORT if any('timeout' in word or word=='0 passed' for word in expect) else LONG


def made_sources():
    "Programs that are no text, or too large to keep: name -> (outcomes that are allowed, source)."
    add, refused = 'def add(a, b): return a+b\n', 'status=syntax_error'
    deep = [refused, 'status=killed:SIGSEGV', 'status=memory']
    return dict(source_null_byte=([refused], add+'x = 1\0\n'), source_mark=(['3 passed', refused], '\ufeff'+add), source_surrogate=([refused], add+'x = "\ud800"\n'),
                source_latin=([refused, '3 passed'], (add.encode()+b'# caf\xe9\nx = "\xff\xfe"\n').decode('utf-8', 'surrogateescape')),
                source_declared=(['3 passed', refused], '# -*- coding: utf-16 -*-\n'+add), source_empty=(['0 passed'], ''), source_comment=(['0 passed'], '# nothing\n'*1000),
                source_returns=(['3 passed', refused], add.replace('\n', '\r\n')+'\x0c\r\n'), source_parentheses=(deep, add+'x = '+'('*50_000+'1'+')'*50_000),
                source_minus=([*deep, '3 passed', 'status=module_error:RecursionError'], add+'x = '+'-'*200_000+'1'), source_sum=([*deep, '3 passed'], add+'x = '+'+'.join(['1']*50_000)),
                source_lambdas=(deep, add+'x = '+'lambda: '*20_000+'1'), source_attributes=([*deep, 'status=module_error', '3 passed'], add+'x = add'+'.a'*50_000), source_brackets=(deep, add+'x = '+'['*300+']'*300+'\n'+'x = '+'['*20_000),
                source_ifs=(deep, add+''.join(' '*n+'if 1:\n' for n in range(150))+' '*150+'x = 1\n'), source_format=(deep+['3 passed', 'status=module_error'], add+'x = '+'f"{'*3000+'1'+'}"'*3000),
                source_digits=([refused], add+'x = '+'9'*100_000), source_hexadecimal=(['3 passed'], add+'x = 0x'+'f'*1_000_000), source_long=(['3 passed'], add+'x = 1 # padding\n'*300_000),
                source_longer=(['3 passed'], add+'# '+'x'*20_000_000), source_text=(['3 passed'], add+'x = "'+'y'*5_000_000+'"\n'), source_comparisons=([*deep, '3 passed'], add+'x = '+'<'.join(['1']*30_000)))


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
        text = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(about.st_mode) else os.readlink(path) if path.is_symlink() else ''
        rows.append(f'{path.relative_to(folder)} {stat.filemode(about.st_mode)} {about.st_uid} {about.st_gid} {about.st_nlink} {about.st_mtime_ns} {os.listxattr(path, follow_symlinks=False)} {text}')
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
    "Looks at our processes all the time: largest memory, folders that they use, and an end to it all if the harness fails."
    def __init__(self, spared):
        super().__init__(daemon=True)
        self.spared, self.judge_mb, self.child_mb, self.most, self.folders, self.guarded, self.on = spared, 0., 0., 0, set(), '', True

    def run(self):
        while self.on:
            ours = {pid: line for pid,line in descendants(os.getpid()).items() if pid not in self.spared}
            sizes = {pid: memory_mb(pid, 'VmHWM' if 'judge.py' in line else 'VmRSS') for pid,line in ours.items()}
            self.most = max(self.most, len(ours))
            self.judge_mb = max([self.judge_mb, *[sizes[pid] for pid,line in ours.items() if 'judge.py' in line]])
            self.child_mb = max([self.child_mb, *[sizes[pid] for pid,line in ours.items() if 'judge.py' not in line]])
            for line in ours.values(): self.folders.update(re.findall(r'/[\w./-]+/llmr-sandbox-\w+', line))
            if len(ours)>GUARD_PROCESSES or sum(memory_mb(pid, 'VmRSS') for pid in ours)>GUARD_MB:
                self.guarded = f'{len(ours)} processes, {sum(sizes.values()):.0f} MB'
                for pid in ours: os.kill(pid, signal.SIGKILL)
                os._exit(3)
            time.sleep(.03)


class Listeners:
    "Ears on the loopback address, on a path and on an abstract name: whatever they hear was sent by a program."
    def __init__(self, folder):
        self.heard = []
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.boxes = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
        for box,name in zip(self.boxes, (str(folder/'data'/'inbox'), f'\0llmr-inbox-{self.port}')): box.bind(name)

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
    return [os.getpriority(os.PRIO_PROCESS, pid), sorted(os.sched_getaffinity(pid)), os.sched_getscheduler(pid), resource.prlimit(pid, resource.RLIMIT_NOFILE),
            Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]]


def devices():
    "Mode, owner and time of the files that every process is given open."
    about = os.stat(os.devnull)
    return [stat.filemode(about.st_mode), about.st_uid, about.st_ctime_ns]


def kernel_objects(): return [Path(f'/proc/sysvipc/{kind}').read_text().count('\n') for kind in ('shm', 'sem', 'msg') if Path(f'/proc/sysvipc/{kind}').exists()]


def run_job(folder):
    "Run the completions of a folder; its cache and its outcomes go there, too. In a session of its own."
    os.setsid()
    import pandas as pd
    from llmr.execution import execute
    tasks, completions = (pd.read_parquet(f'{folder}/{name}.parquet') for name in ('tasks', 'completions'))
    outcomes = execute(completions, tasks, cache=f'{folder}/cache.jsonl', on_progress=lambda done, total: None)
    outcomes.to_parquet(f'{folder}/outcomes.parquet')


def main(level, folder):
    from llmr.execution import Limits, Program, run_programs
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) # orphans come to us
    os.environ['LLMR_TEST_SECRET'] = os.environ['SECRET_API_KEY'] = 'CANARY'
    make_canaries(folder)
    victim = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'], start_new_session=True)
    (folder/'data'/'victim.pid').write_text(str(victim.pid))
    ears = Listeners(folder)
    every = {name: entry for name,entry in programs(folder, ears.port, victim.pid).items() if re.search(os.environ.get('HOSTILE_ONLY', ''), name)}
    time.sleep(.3)
    before = dict(data=tree(folder/'data'), home=tree(folder/'home'), victim=about_process(victim.pid), own=about_process(os.getpid()), kernel=kernel_objects(), devices=devices())
    watch, size = Watch({victim.pid}), memory_mb(os.getpid(), 'VmRSS')
    watch.start()
    grades, states = {}, {}
    for start, limits in (('start', ENDLESS), ('second start', SHORT), ('third start', LONG)):
        of_these = {name: Program(source, tests) for name, (expect, tests, source) in every.items() if limits_for(expect) is limits}
        sentinel = Program(SENTINEL, ('state()',), values=True)
        row = [(start, sentinel), *((name, program) for name,hostile in of_these.items() for program in (hostile, sentinel))]
        for (name, program),grade in zip(row, run_programs([program for _,program in row], Limits(**limits, memory_mb=MEMORY_MB), workers=1, isolation=level)):
            if program is sentinel:
                states[name] = repr(grade.values[0]) if grade.tests==('passed',) else f'{grade.status} {grade.error} {grade.errors}'
                continue
            grades[name] = grade._asdict() | dict(limit_s=limits['cpu_s'])
            if os.environ.get('HOSTILE_TALK'): print(name, grade.status, grade.error, grade.tests, grade.errors, f'{grade.cpu_s:.2f} {grade.wall_s:.2f}', file=sys.stderr, flush=True)
    grown = memory_mb(os.getpid(), 'VmRSS')-size
    time.sleep(.5)
    watch.on = False
    watch.join()
    left = {pid: line for pid,line in descendants(os.getpid()).items() if pid!=victim.pid}
    after = dict(data=tree(folder/'data'), home=tree(folder/'home'), victim=about_process(victim.pid), own=about_process(os.getpid()), kernel=kernel_objects(), devices=devices())
    report = dict(grades=grades, states=states, before=before, after=after, heard=ears.stop(), left=left, grown_mb=grown, judge_mb=watch.judge_mb,
                  child_mb=watch.child_mb, most=watch.most, folders_left=[path for path in watch.folders if os.path.exists(path)], alive=victim.poll() is None,
                  stray=[str(path) for top in ('/dev/shm', '/var/tmp', '/', '/run') for path in Path(top).glob('llmr_hostile*')])
    (folder/'report.json').write_text(json.dumps(report))
    victim.kill()
    victim.wait()


if __name__=='__main__': main(sys.argv[1], Path(sys.argv[2]))
