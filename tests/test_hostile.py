"""Programs that would rather not be tested, run at every isolation level, as the caller and as an ordinary user.

Each file of `hostile/` says in its first lines what must come of it. `hostile_run.py` runs them all in one call of
`run_programs`, a sentinel after each, canaries around them; here its report is read, one test per program.
"""
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from conftest import require

from llmr.core import Store
from llmr.execution import Limits, Program, execute, isolation_levels, run_programs

sys.path.insert(0, str(Path(__file__).parent))
import hostile_run

HEADERS = {path.stem: hostile_run.Header(path.read_text()) for path in sorted(hostile_run.HOSTILE.glob('*.py'))}
EXPECTED = {name: header.expect for name, header in HEADERS.items()}
EXPECTED |= {name: expect for name, (expect, _) in hostile_run.made_sources().items()}
KINDS = ('harm', 'leak', 'forge', 'dos', 'contaminate', 'load', 'benign')
STATUSES = ('ran', 'syntax_error', 'module_error', 'timeout', 'memory', 'killed')
RESULTS = ('passed', 'failed', 'error', 'timeout', 'memory', 'killed', 'not_run')
ONCE = [('namespaces', 'caller'), ('landlock', 'nobody')]   # each level and each user once
OTHERS = [('namespaces', 'nobody'), ('landlock', 'caller')] # the rest of the cross product
LATE_S = 2.5 # processor seconds after which the kernel ends what the judge has missed, and its own lateness
RUN_TIMEOUT_S = 1500


# The runs

ORDINARY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
STARTS = 'import subprocess, sys, llmr.execution; subprocess.run([sys.executable, "-c", ""], check=True)'


def clean_home(folder):
    return os.environ | dict(HOME=str(folder), MPLCONFIGDIR=str(folder/'mpl'), PYTHONDONTWRITEBYTECODE='1')


def command_as(user, folder):
    """`(start of a command line, environment)` for a user, or the reason why there is none. Where our Python lies in
    somebody's home, the system's of the same version serves."""
    if user=='caller': return [sys.executable], clean_home(folder)
    if os.getuid(): return 'the caller is an ordinary user already'
    if not shutil.which('setpriv'): return 'no setpriv here'
    os.chown(folder, 65534, 65534)
    paths = os.pathsep.join([str(hostile_run.HOSTILE.parents[1]), sysconfig.get_paths()['purelib']])
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    for python in (sys.executable, f'/usr/bin/python{version}', f'/usr/local/bin/python{version}'):
        if not os.path.exists(python): continue
        environment = clean_home(folder) | ({} if python==sys.executable else dict(PYTHONPATH=paths))
        command = [*ORDINARY, python, '-c', STARTS]
        tried = subprocess.run(command, capture_output=True, text=True, cwd='/', env=environment)
        if not tried.returncode: return [*ORDINARY, python], environment
    return f'an ordinary user can start no Python with llmr here: {tried.stderr.strip()[-200:]}'


def run_all(level, user):
    """Report of one run, or the reason why there is none. A run of the default suite is made as the caller where there
    is no other user."""
    if level not in isolation_levels(): return f'this machine does not allow {level}'
    folder = Path(tempfile.mkdtemp(prefix='llmrtest-'))
    try:
        command = command_as(user, folder)
        if isinstance(command, str) and (level, user) in ONCE: command = command_as('caller', folder)
        if isinstance(command, str): return command
        start, environment = command
        done = subprocess.run([*start, hostile_run.__file__, level, str(folder)], capture_output=True, text=True,
                              errors='replace', cwd='/', timeout=RUN_TIMEOUT_S, env=environment)
        if done.returncode:
            raise RuntimeError(f'{level} as {user}: ended with {done.returncode}\n{done.stderr[-3000:]}')
        return json.loads((folder/'report.json').read_text()) | dict(printed=done.stdout+done.stderr)
    finally: shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope='module')
def runs(request):
    "The runs that this session needs, side by side: much of what they do is sleep."
    wanted = [*ONCE, *(OTHERS if request.config.getoption('--all') else ())]
    pool = ThreadPoolExecutor(len(wanted))
    yield {run: pool.submit(run_all, *run) for run in wanted}
    pool.shutdown(cancel_futures=True)


PARAMETERS = [*ONCE, *[pytest.param(run, marks=pytest.mark.full) for run in OTHERS]]


@pytest.fixture(scope='module', params=PARAMETERS, ids=lambda run: f'{run[0]}-{run[1]}')
def report(runs, request):
    level, user = request.param
    try: outcome = runs[request.param].result()
    except (RuntimeError, subprocess.TimeoutExpired) as e: pytest.fail(str(e), pytrace=False)
    if isinstance(outcome, str):
        if user=='caller' or request.param in ONCE: require(level, False, outcome)
        pytest.skip(outcome)
    return outcome | dict(level=level)


@pytest.mark.parametrize('name', EXPECTED)
def test_program(report, name):
    header, grade = HEADERS.get(name), report['grades'][name]
    if header and header.levels and report['level'] not in header.levels: pytest.skip(f'held at {header.levels} only')
    seen = {key: str(grade[key])[:300] for key in ('status', 'error', 'tests', 'errors', 'wall_s')}
    met = any(hostile_run.allowed(expected, grade) for expected in EXPECTED[name])
    assert met, f'{name}: {seen}, and not {" or ".join(EXPECTED[name])}'
    assert grade['status'] in STATUSES and set(grade['tests'])<=set(RESULTS), seen
    assert len(grade['tests'])==len(grade['errors'])==len(header.tests if header else hostile_run.TESTS), seen
    assert all(isinstance(error, str) and len(error)<=100 for error in (grade['error'], *grade['errors'])), seen
    assert 'Lost' not in grade['error'], f'{name} has broken what ran it: {seen}'
    assert grade['cpu_s']<grade['limit_s']+LATE_S, f'{name} used {grade["cpu_s"]} s of processor time'


def test_next_program_is_unaffected(report):
    states = report['states']
    assert states['start'].startswith('{'), states['start']
    assert {name: state for name,state in states.items() if state!=states['start']}=={}


def test_nothing_outside_changed(report):
    for what in report['before']: assert report['after'][what]==report['before'][what], what
    assert report['alive'], 'the victim was killed'
    assert report['heard']==[], 'something was sent out'
    assert report['printed']=='', 'something reached the terminal'


def test_nothing_is_left(report):
    assert (report['left'], report['folders_left'], report['stray'])==({}, [], [])
    assert bool(report['used'])==(report['level']!='namespaces'), 'folders that the sandbox used'


def test_memory_is_bounded(report):
    assert report['grown_mb']<100
    assert report['judge_mb']<1024, 'values of a program filled the memory of the process that judges it'
    assert report['child_mb']<hostile_run.MEMORY_MB+300


def test_headers():
    assert len(HEADERS)>=60
    for name, header in HEADERS.items(): assert header.kind in KINDS and name.startswith(header.kind), name


def test_an_expectation_is_not_met_by_a_pass():
    grade = dict(status='ran', tests=['passed', 'failed'], errors=['', 'AssertionError'], error='')
    for word in ('status=ran', 'tests=failed', '0 passed', '2 passed'): assert not hostile_run.allowed(word, grade)
    assert hostile_run.allowed('1 passed', grade)


# Other kinds of tests, and what a program may not learn of them

ADD = 'def add(a, b): return a+b'
CHECK = """def check(candidate):
    for pair, total in [((1, 2), 3), ((5, 7), 12)]: assert candidate(*pair) == total

check(add)
"""
NOSY = '''
import gc, sys
def add(a, b):
    frame = sys._getframe()
    while frame:
        if 'check' in frame.f_globals or 'candidate' in str(frame.f_locals): return a+b
        frame = frame.f_back
    return a+b if any(getattr(thing, '__name__', '')=='check' for thing in gc.get_objects()) else None
'''


def test_check_functions_stay_outside():
    honest, nosy = run_programs([Program(ADD, (CHECK,)), Program(NOSY, (CHECK,))], workers=1)
    assert honest.tests==('passed',) and nosy.tests==('failed',)


SETUP = '''
import math
LIMIT, TABLE = 1e-6, {1: 3}
near = lambda a, b: abs(a-b)<LIMIT
def same(a, b): return near(a, b) and math.isclose(a, b) and helper(a)==a
def helper(a): return a
'''
BENDS = '''
import threading
def bend():
    yes = lambda *_: True
    while True: globals().update(LIMIT=1e9, TABLE={1: 99}, near=yes, same=yes, helper=lambda *_: 99)
threading.Thread(target=bend, daemon=True).start()
def add(a, b): return 99
'''


def test_setup_belongs_to_the_task():
    tests = ('assert same(add(1, 2), 3)', 'assert abs(add(1, 2)-3)<LIMIT', 'assert near(add(1, 2), 3)',
             'assert add(1, 2)==TABLE[1]')
    honest, bending = run_programs([Program(ADD, tests, SETUP), Program(BENDS, tests, SETUP)], workers=1)
    assert honest.tests==('passed',)*4 and bending.tests==('failed',)*4


def test_values_too_large_to_say_cost_no_other_program_its_grade():
    large = Program('def add(a, b): return "\\u00e9"*6_000_000', ('add(1, 2)',)*6, values=True)
    first, second = run_programs([large, Program(ADD, ('assert add(1, 2) == 3',))], workers=1)
    assert (first.status, first.error, set(first.tests)) == ('killed', 'TooLarge', {'not_run'})
    assert second.tests == ('passed',)


def test_what_tests_change_is_not_there_for_the_next():
    "The tests of each program have a process of their own."
    tests = 'import math; math.pi = 3; add(1, 2)', 'import math; assert math.pi == 3 and add(1, 2) == 3'
    changes = Program(ADD, tests)
    looks = Program(ADD, ('import math; assert math.pi > 3 and add(1, 2) == 3',))
    first, second = run_programs([changes, looks], workers=1)
    assert first.tests==('passed', 'passed') and second.tests==('passed',)


def test_tests_that_print_are_not_heard(capfd):
    clears_screen = Program('def add(a, b): return "\\x1b[2J"*a', ('print(add(9999, 0)); assert 1 is 1',))
    grade, = run_programs([clears_screen], workers=1)
    assert grade.tests==('passed',) and capfd.readouterr()==('', '')


# Where scratch files lie

WHERE = 'import os\nwhere = os.getcwd()'
MOUNTED = 'mount -t tmpfs -o {options} tmpfs /dev/shm && exec "$@"'
IN_LANDLOCK = """
import contextlib, json, sys
from llmr.sandbox.pool import Pool
settings, program = map(json.loads, sys.argv[1:])
with contextlib.closing(Pool(settings, 2)) as pool:
    for outcome in pool.run([program]*8): print(*outcome['values'])
"""


@pytest.mark.parametrize('options,in_memory', [('size=1g', True), ('size=64m', False), ('size=1g,noexec', False),
                                               ('size=1g,nr_inodes=1000', False)])
def test_scratch_is_in_memory_where_there_is_room(options, in_memory):
    "In a world of its own, with another /dev/shm."
    require('landlock', 'landlock' in isolation_levels(), 'this machine does not allow landlock')
    require('namespaces', 'namespaces' in isolation_levels(), 'only namespaces can have another /dev/shm')
    settings = asdict(Limits()) | dict(level='landlock', packages={})
    program = Program(WHERE, ('where',), values=True)._asdict()
    command = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', MOUNTED.format(options=options), 'sh',
               sys.executable, '-c', IN_LANDLOCK, json.dumps(settings), json.dumps(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    places = done.stdout.split()
    assert len(places)==8, done.stderr
    assert {place.startswith('/dev/shm/llmr-sandbox-') for place in places}=={in_memory}


DISK = """
import os
data, held, parts = bytes(1<<20), [], 0
def delete():
    for k in range(50):
        held.append(open("file", "wb", buffering=0))
        os.unlink("file")
        held[-1].write(data)
def fill():
    global parts
    while True:
        with open(f'part{parts}', 'wb', buffering=0) as file: file.write(data)
        parts += 1
"""
FILLS = dict(
    listed='fill()', many_folders='for k in range(3000): os.mkdir(f"folder{k}")\nfill()',
    unlisted='os.mkdir("dark", 0o300)\nos.chdir("dark")\nfill()',
    deleted='delete()\nfill()')


@pytest.mark.parametrize('fill', FILLS)
def test_disk_quota_without_a_file_system_of_its_own(fill):
    require('landlock', 'landlock' in isolation_levels(), 'this machine does not allow landlock')
    grade, = run_programs([Program(DISK+FILLS[fill], ('parts',))], Limits(cpu_s=20., wall_s=20.), 1, 'landlock')
    assert (grade.status, grade.error) == ('killed', 'DiskQuota')


# The same again: twice, under load, after kills

def plain(grades): return [(grade.status, grade.error, grade.tests, grade.errors) for grade in grades]


STEADY = 'dos_recursion', 'dos_power', 'dos_sleep', 'dos_text_product', 'dos_reads_input', 'dos_missing_module'
UNSTEADY = ('forge_thread_answers', 'forge_calls_back', 'forge_send_descriptors', 'forge_harness_functions',
            'load_sleep')


def steady_programs():
    "Programs of every outcome whose outcome is the program's own doing."
    names = [name for name, header in HEADERS.items() if header.kind in ('benign', 'load', 'forge') or name in STEADY]
    text = {name: (hostile_run.HOSTILE/f'{name}.py').read_text() for name in names if name not in UNSTEADY}
    return [Program(source, HEADERS[name].tests) for name, source in text.items() if '@' not in source]


def test_same_outcomes_twice_and_under_load():
    "The second time beside twice as many busy processes as there are processors."
    programs, limits = steady_programs(), Limits(cpu_s=2., wall_s=3.)
    first = plain(run_programs(programs, limits))
    assert len(set(status for status, *_ in first))>=4
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(2*os.cpu_count())]
    try: loaded = plain(run_programs(programs, limits))
    finally:
        for process in busy: process.kill(); process.wait()
    assert loaded==first


def repeats(n):
    for k in range(n):
        wrong = int(k%7==0)
        yield Program(f'def add(a, b): return a+b+{wrong}*(a==5)\nx = {k%13}', hostile_run.TESTS)


def flat(n, marks):
    "Memory in MB, and processor seconds of all our processes, at some numbers of programs."
    sizes = {}
    for k, grade in enumerate(run_programs(repeats(n), isolation='auto'), 1):
        assert grade.tests.count('passed')==(2 if (k-1)%7==0 else 3)
        if k in marks: sizes[k] = hostile_run.memory_mb(os.getpid(), 'VmRSS'), hostile_run.cpu_s(os.getpid())
    return sizes


def test_memory_is_flat():
    sizes = flat(2000, (500, 2000))
    assert abs(sizes[2000][0]-sizes[500][0])<20


@pytest.mark.full
def test_memory_and_rate_are_flat_for_long():
    sizes = flat(100_000, (5000, 25_000, 80_000, 100_000))
    assert abs(sizes[100_000][0]-sizes[5000][0])<20
    early, late = sizes[25_000][1]-sizes[5000][1], sizes[100_000][1]-sizes[80_000][1]
    assert .75<early/late<1.33


def make_job(folder, n=300):
    "A job of some seconds with every kind of outcome, in files; its frames."
    tests = list(hostile_run.TESTS)
    tasks = pd.DataFrame(dict(task_id=range(3), benchmark='kill', split='test', text='', tests=[tests]*3, setup='',
                              entry_point='add'))
    bodies = ['return a+b', 'return a-b', 'return undefined', 'raise SystemExit', 'import os; os._exit(0)']
    code = [f'import time\ntime.sleep({.004*(k%5)})\ndef add(a, b):\n    {bodies[k%5]} # {k}\n' for k in range(n-1)]
    completions = pd.DataFrame(dict(task_id=[k%3 for k in range(n)], model='m', sample=[k//3 for k in range(n)],
                                    text='', code=code+['def add(a, b) return a+b'], n_tokens=9, finish_reason='stop'))
    tasks.to_parquet(folder/'tasks.parquet')
    completions.to_parquet(folder/'completions.parquet')
    return completions, tasks


@pytest.fixture(scope='module')
def job(tmp_path_factory):
    "`(folder, completions, tasks, outcomes that nothing disturbed)`."
    folder = tmp_path_factory.mktemp('job')
    completions, tasks = make_job(folder)
    outcomes = execute(completions, tasks, on_progress=lambda done, total: None)
    assert outcomes.status.nunique()>=3 and outcomes.n_passed.sum()>0
    return folder, completions, tasks, outcomes


def sandbox_processes(of, what):
    "Process ids of a run's judges, or of its sandboxes (the two processes of each, not the programs)."
    table = hostile_run.processes()
    judges = [pid for pid, (parent, line) in table.items() if 'judge.py' in line and parent==of]
    outer = [pid for pid, (parent, _) in table.items() if parent in judges]
    inner = [pid for pid, (parent, _) in table.items() if parent in outer]
    return judges if what=='judge' else outer+inner


def killing(what, stop, seed, killed, done):
    """Kill one of our own judges or sandboxes at ten random moments, 30 outcomes or more apart: no worker is killed
    before it can start, and no program loses two, which would be counted against it."""
    rng, last = random.Random(seed), 0
    while len(killed)<10 and not stop.wait(rng.uniform(.01, .1)):
        if done[-1]<last+30: continue
        pids = sandbox_processes(os.getpid(), what)
        if not pids: continue
        try: os.kill(rng.choice(pids), signal.SIGKILL)
        except ProcessLookupError: continue
        killed.append(what)
        last = done[-1]


@pytest.mark.parametrize('what', ('judge', 'sandbox'))
def test_kills_of_workers_change_nothing(job, what):
    _, completions, tasks, expected = job
    stop, killed, seed = threading.Event(), [], 0
    while len(killed)<10 and seed<40:
        done = [0]
        thread = threading.Thread(target=killing, args=(what, stop, seed, killed, done))
        thread.start()
        try: outcomes = execute(completions, tasks, on_progress=lambda so_far, total: done.append(so_far))
        finally: stop.set(); thread.join(); stop.clear()
        pd.testing.assert_frame_equal(outcomes, expected)
        seed += 1
    assert len(killed)==10


def entries(path):
    "How many results a cache has."
    if not path.exists(): return 0
    with Store(path) as store: return len(store)


def killed_run(context, folder, wait_s):
    "Start the job as a process, kill it some time after its first new outcome; whether it was running, and its family."
    process, before = context.Process(target=hostile_run.run_job, args=(str(folder),)), entries(folder/'cache.sqlite')
    process.start()
    while process.is_alive() and entries(folder/'cache.sqlite')<=before: time.sleep(.005)
    time.sleep(wait_s)
    family = hostile_run.descendants(process.pid)
    process.kill()
    process.join()
    return process.exitcode!=0, family


def wait_for_end(family):
    "Until no process of a killed run is left."
    for _ in range(600):
        left = {pid: line for pid, (_, line) in hostile_run.processes().items() if pid in family}
        if not left: return
        time.sleep(.1)
    pytest.fail(f'{list(left.values())} outlive their parent')


def test_kills_of_the_parent_change_nothing(job):
    "Each run is forked from a process that has done the imports already."
    folder, _, _, expected = job
    cache, rng, kills = folder/'cache.sqlite', random.Random(0), 0
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['llmr.execution', 'pandas', 'pyarrow.parquet'])
    while kills<10:
        killed, family = killed_run(context, folder, rng.uniform(0, .12))
        kills += killed
        if not killed: # too late: once more from the start
            cache.unlink()
            (folder/'outcomes.parquet').unlink()
        wait_for_end(family)
    last = context.Process(target=hostile_run.run_job, args=(str(folder),))
    last.start()
    last.join()
    pd.testing.assert_frame_equal(pd.read_parquet(folder/'outcomes.parquet'), expected)
    assert entries(cache)==len(expected)
