"""Programs that would rather not be tested, run at every isolation level, as the caller and as an ordinary user.

Each file of `hostile/` says in its first lines what must come of it. `hostile_run.py` runs them all in one call of
`run_programs`, a sentinel after each, canaries around them; here its report is read, one test per program.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from llmr.execution import Limits, Program, execute, isolation_levels, run_programs

sys.path.insert(0, str(Path(__file__).parent))
import hostile_run

HEADERS = {path.stem: hostile_run.Header(path.read_text()) for path in sorted(hostile_run.HOSTILE.glob('*.py'))}
EXPECTED = {name: header.expect for name,header in HEADERS.items()} | {name: expect for name,(expect,_) in hostile_run.made_sources().items()}
ESTIMATORS = ('harm', 'leak', 'forge', 'dos', 'contaminate', 'load', 'benign')
STATUSES = ('ran', 'syntax_error', 'module_error', 'timeout', 'memory', 'killed')
RESULTS = ('passed', 'failed', 'error', 'timeout', 'memory', 'killed', 'not_run')
RUNS = [(level, user) for level in ('namespaces', 'landlock') for user in ('caller', 'nobody')]
MOST_WALL_S = 60 # waiting for a processor counts for no limit, and four of these runs share the machine
RUN_TIMEOUT_S = 1500
slow = pytest.mark.skipif('LLMR_SLOW_TESTS' not in os.environ, reason='takes minutes; set LLMR_SLOW_TESTS=1')


# The runs

ORDINARY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
STARTS = 'import subprocess, sys, llmr.execution; subprocess.run([sys.executable, "-c", ""], check=True)'


def clean_home(folder): return os.environ | dict(HOME=str(folder), MPLCONFIGDIR=str(folder/'mpl'), PYTHONDONTWRITEBYTECODE='1')


def command_as(user, folder):
    "`(start of a command line, environment)` for a user, or the reason why there is none. Where our Python lies in somebody's home, the system's of the same version serves."
    if user=='caller': return [sys.executable], clean_home(folder)
    if os.getuid(): return 'the caller is an ordinary user already'
    if not shutil.which('setpriv'): return 'no setpriv here'
    os.chown(folder, 65534, 65534)
    paths = os.pathsep.join([str(hostile_run.HOSTILE.parents[1]), sysconfig.get_paths()['purelib']])
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    for python,more in ((sys.executable, {}), (f'/usr/bin/python{version}', dict(PYTHONPATH=paths)), (f'/usr/local/bin/python{version}', dict(PYTHONPATH=paths))):
        if not os.path.exists(python): continue
        tried = subprocess.run([*ORDINARY, python, '-c', STARTS], capture_output=True, text=True, cwd='/', env=clean_home(folder) | more)
        if not tried.returncode: return [*ORDINARY, python], clean_home(folder) | more
    return f'an ordinary user can start no Python with llmr here: {tried.stderr.strip()[-200:]}'


def run_all(level, user):
    "Report of one run, or the reason why there is none."
    if level not in isolation_levels(): return f'this machine does not allow {level}'
    folder = Path(tempfile.mkdtemp(prefix='llmrtest-'))
    try:
        command = command_as(user, folder)
        if isinstance(command, str): return command
        start, environment = command
        done = subprocess.run([*start, hostile_run.__file__, level, str(folder)], capture_output=True, text=True, errors='replace', cwd='/', timeout=RUN_TIMEOUT_S, env=environment)
        if done.returncode: raise RuntimeError(f'{level} as {user}: ended with {done.returncode}\n{done.stderr[-3000:]}')
        return json.loads((folder/'report.json').read_text()) | dict(printed=done.stdout+done.stderr)
    finally: shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope='module')
def runs():
    pool = ThreadPoolExecutor(len(RUNS)) # most of what they do is sleep
    yield {run: pool.submit(run_all, *run) for run in RUNS}
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope='module', params=RUNS, ids=lambda run: f'{run[0]}-{run[1]}')
def report(runs, request):
    try: found = runs[request.param].result()
    except (RuntimeError, subprocess.TimeoutExpired) as e: pytest.fail(str(e), pytrace=False)
    if isinstance(found, str): pytest.skip(found)
    return found | dict(level=request.param[0])


@pytest.mark.parametrize('name', EXPECTED)
def test_program(report, name):
    header, grade = HEADERS.get(name), report['grades'][name]
    if header and header.levels and report['level'] not in header.levels: pytest.skip(f'holds with {header.levels} only')
    seen = {key: str(grade[key])[:300] for key in ('status', 'error', 'tests', 'errors', 'wall_s')}
    assert any(hostile_run.allowed(expected, grade) for expected in EXPECTED[name]), f'{name}: {seen}, and not {" or ".join(EXPECTED[name])}'
    assert grade['status'] in STATUSES and set(grade['tests'])<=set(RESULTS) and len(grade['tests'])==len(grade['errors'])==len(header.tests if header else hostile_run.TESTS), seen
    assert all(isinstance(error, str) and len(error)<=100 for error in (grade['error'], *grade['errors'])), seen
    assert 'Lost' not in grade['error'], f'{name} has broken what ran it: {seen}'
    assert grade['wall_s']<MOST_WALL_S, f'{name} went on for {grade["wall_s"]} s'


def test_next_program_is_unaffected(report):
    states = report['states']
    assert states['start'].startswith('{'), states['start']
    assert {name: state for name,state in states.items() if state!=states['start']}=={}


def test_nothing_outside_changed(report):
    for what in report['before']: assert report['after'][what]==report['before'][what], what
    assert report['alive'], 'the victim was killed'
    assert report['heard']==[], 'something was sent out'
    assert report['printed']=='', 'something reached the terminal'


def test_nothing_is_left(report): assert (report['left'], report['folders_left'], report['stray'])==({}, [], [])


def test_memory_is_bounded(report):
    assert report['grown_mb']<100
    assert report['judge_mb']<1024, 'values of a program filled the memory of the process that judges it'
    assert report['child_mb']<hostile_run.MEMORY_MB+300


def test_headers():
    assert len(HEADERS)>=60
    assert {name: header.kind for name,header in HEADERS.items() if header.kind not in ESTIMATORS or not name.startswith(header.kind)}=={}


def test_an_expectation_is_not_met_by_a_pass():
    grade = dict(status='ran', tests=['passed', 'failed'], errors=['', 'AssertionError'], error='')
    assert not any(hostile_run.allowed(word, grade) for word in ('status=ran', 'tests=failed', '0 passed', '2 passed')) and hostile_run.allowed('1 passed', grade)


# Other kinds of tests, and what a program may not learn of them

CHECK = 'def check(candidate):\n    for pair, total in [((1, 2), 3), ((5, 7), 12)]: assert candidate(*pair) == total\n\ncheck(add)\n'
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
    honest, nosy = run_programs([Program('def add(a, b): return a+b', (CHECK,)), Program(NOSY, (CHECK,))], workers=1)
    assert honest.tests==('passed',) and nosy.tests==('failed',)


SETUP = 'import math\nLIMIT, TABLE = 1e-6, {1: 3}\nnear = lambda a, b: abs(a-b)<LIMIT\ndef same(a, b): return near(a, b) and math.isclose(a, b) and helper(a)==a\ndef helper(a): return a\n'
BENDS = '''
import threading
def bend():
    while True: globals().update(LIMIT=1e9, TABLE={1: 99}, near=lambda *_: True, same=lambda *_: True, helper=lambda *_: 99)
threading.Thread(target=bend, daemon=True).start()
def add(a, b): return 99
'''


def test_setup_belongs_to_the_task():
    tests = 'assert same(add(1, 2), 3)', 'assert abs(add(1, 2)-3)<LIMIT', 'assert near(add(1, 2), 3)', 'assert add(1, 2)==TABLE[1]'
    honest, bending = run_programs([Program('def add(a, b): return a+b', tests, SETUP), Program(BENDS, tests, SETUP)], workers=1)
    assert honest.tests==('passed',)*4 and bending.tests==('failed',)*4


def test_values_too_large_to_say_cost_no_other_program_its_grade():
    large, fine = Program('def add(a, b): return "\\u00e9"*2_700_000', ('add(1, 2)',)*6, values=True), Program('def add(a, b): return a+b', ('assert add(1, 2) == 3',))
    first, second = run_programs([large, fine], workers=1)
    assert (first.status, first.error, set(first.tests)) == ('killed', 'TooLarge', {'not_run'}) and second.tests == ('passed',)


def test_what_tests_held_is_free_again():
    "A function of a test's keeps all of the test's names, in a circle."
    pages = 'int(open("/proc/self/statm").read().split()[0])'
    holds, looks = Program('def add(n): return [str(i) for i in range(10**9, 10**9+n)]', (f'exec("kept = [add(400_000) for _ in range(4)]\\ndef held(): return kept") or {pages}',), values=True), Program('', (pages,), values=True)
    before, held, after = [grade.values[0]*4//1024 for grade in run_programs([looks, holds, looks], workers=1)]
    assert held > before+100 and after < before+60


def test_tests_that_print_are_not_heard(capfd):
    grade, = run_programs([Program('def add(a, b): return "\\x1b[2J"*a', ('print(add(9999, 0)); assert 1 is 1',))], workers=1)
    assert grade.tests==('passed',) and capfd.readouterr()==('', '')


# The same again: twice, under load, after kills

def plain(grades): return [(grade.status, grade.error, grade.tests, grade.errors) for grade in grades]


def steady_programs():
    "Programs of every outcome whose outcome is the program's own doing."
    names = [name for name,header in HEADERS.items() if header.kind in ('benign', 'load', 'forge') or name in ('dos_recursion', 'dos_power', 'dos_sleep', 'dos_text_product', 'dos_reads_input', 'dos_missing_module')]
    unsteady = ('forge_thread_answers', 'forge_calls_back', 'forge_send_descriptors', 'forge_harness_functions', 'load_sleep')
    text = {name: (hostile_run.HOSTILE/f'{name}.py').read_text() for name in names if name not in unsteady}
    return [Program(source, HEADERS[name].tests) for name,source in text.items() if '@' not in source]


def test_same_outcomes_twice_and_under_load():
    programs, limits = steady_programs(), Limits(cpu_s=2., wall_s=3.)
    first = plain(run_programs(programs, limits))
    assert len(set(status for status,*_ in first))>=4
    assert plain(run_programs(programs, limits))==first
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(2*os.cpu_count())]
    try: loaded = plain(run_programs(programs, limits))
    finally:
        for process in busy: process.kill(); process.wait()
    assert loaded==first


def repeats(n): return (Program(f'def add(a, b): return a+b+{int(k%7==0)}*(a==5)\nx = {k%13}', hostile_run.TESTS) for k in range(n))


def flat(n, marks):
    "Memory in MB and seconds at some numbers of programs."
    sizes, start = {}, time.perf_counter()
    for k,grade in enumerate(run_programs(repeats(n), isolation='auto'), 1):
        assert grade.tests.count('passed')==(2 if (k-1)%7==0 else 3)
        if k in marks: sizes[k] = hostile_run.memory_mb(os.getpid(), 'VmRSS'), time.perf_counter()-start
    return sizes


def test_memory_is_flat():
    sizes = flat(2000, (500, 2000))
    assert abs(sizes[2000][0]-sizes[500][0])<20


@slow
def test_memory_and_rate_are_flat_for_long():
    sizes = flat(100_000, (5000, 25_000, 80_000, 100_000))
    assert abs(sizes[100_000][0]-sizes[5000][0])<20
    early, late = sizes[25_000][1]-sizes[5000][1], sizes[100_000][1]-sizes[80_000][1]
    assert .75<early/late<1.33


JOB = textwrap.dedent('''
    import sys, warnings
    import pandas as pd
    from llmr.execution import execute
    tasks = pd.read_parquet(sys.argv[1]+'/tasks.parquet')
    completions = pd.read_parquet(sys.argv[1]+'/completions.parquet')
    execute(completions, tasks, cache=sys.argv[1]+'/cache.jsonl', on_progress=lambda done, total: None).to_parquet(sys.argv[1]+'/outcomes.parquet')
''')


def make_job(folder, n=300):
    "A job of some seconds with every kind of outcome, in files; its frames."
    tests = list(hostile_run.TESTS)
    tasks = pd.DataFrame(dict(task_id=range(3), benchmark='kill', split='test', text='', tests=[tests]*3, setup='', entry_point='add'))
    bodies = ['return a+b', 'return a-b', 'return undefined', 'raise SystemExit', 'import os; os._exit(0)']
    code = [f'import time\ntime.sleep({.004*(k%5)})\ndef add(a, b):\n    {bodies[k%5]} # {k}\n' for k in range(n-1)]+['def add(a, b) return a+b']
    completions = pd.DataFrame(dict(task_id=[k%3 for k in range(n)], model='m', sample=[k//3 for k in range(n)], text='', code=code, n_tokens=9, finish_reason='stop'))
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
    judges = [pid for pid,(parent, line) in table.items() if 'judge.py' in line and parent==of]
    outer = [pid for pid,(parent, line) in table.items() if parent in judges]
    inner = [pid for pid,(parent, line) in table.items() if parent in outer and len(outer)]
    return judges if what=='judge' else outer+inner


def killing(what, stop, seed, killed, done):
    "Kill one of our own judges or sandboxes at ten random moments, 30 outcomes or more apart: no worker is killed before it can start, and no program loses two, which would be counted against it."
    rng, last = random.Random(seed), 0
    while len(killed)<10 and not stop.wait(rng.uniform(.01, .1)):
        if done[-1]<last+30: continue
        found = sandbox_processes(os.getpid(), what)
        if not found: continue
        try: os.kill(rng.choice(found), signal.SIGKILL)
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


def test_kills_of_the_parent_change_nothing(job):
    folder, _, _, expected = job
    cache, rng, kills = folder/'cache.jsonl', random.Random(0), 0
    command = [sys.executable, '-c', JOB, str(folder)]
    while kills<10:
        process = subprocess.Popen(command, start_new_session=True)
        before = cache.read_bytes().count(b'\n') if cache.exists() else 0
        while process.poll() is None and (cache.read_bytes().count(b'\n') if cache.exists() else 0)<=before: time.sleep(.005)
        time.sleep(rng.uniform(0, .12))
        family = hostile_run.descendants(process.pid)
        process.kill()
        if process.wait()==0: cache.unlink(); (folder/'outcomes.parquet').unlink() # too late: once more from the start
        else: kills += 1
        for _ in range(100):
            left = set(family)&set(hostile_run.processes())
            if not left: break
            time.sleep(.05)
        assert not left, f'{[family[pid] for pid in left]} outlive their parent'
    subprocess.run(command, check=True)
    pd.testing.assert_frame_equal(pd.read_parquet(folder/'outcomes.parquet'), expected)
    keys = [json.loads(line)[0] for line in cache.read_text().splitlines()]
    assert len(keys)==len(set(keys))==len(expected)
