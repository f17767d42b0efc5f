"""How the graders do on public benchmarks: right programs, recorded verdicts, and programs with a mistake put in.

    LLMR_DATA=data python benchmarks/references.py [--sets NAME ...] [--mutants N] [--tasks N] [--workers N]
                                                   [--python PATH]

For each set below `LLMR_DATA/benchmarks` it prints how many right programs pass, how many recorded verdicts agree, and
how many right programs with one mistake fail, and lists each miss with its cause. APPS and CodeContests have no right
programs of their own: mistakes are put into recorded ones that were right and pass here. Takes minutes.
"""
import argparse
import ast
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path

import pandas as pd

from llmr.benchmarks import load_benchmark
from llmr.execution import execute
from llmr.failures import missing_packages
from llmr.references import benchmark_limits, left_out_text

FILES = {'humaneval+': 'HumanEvalPlus-Mini', 'mbpp+': 'MbppPlus', 'leetcode': 'leetcode_class_solution',
         'bigcodebench': 'bigcodebench_unittest', 'apps': 'apps150', 'codecontests': 'codecontests_stdin_public'}
QUIET = dict(on_progress=lambda done, total: None)


def records(path):
    "Lines of a packed file."
    with gzip.open(path, 'rt', encoding='utf-8') as file: return [json.loads(line) for line in file]


def graded(programs, tasks, running):
    "Outcomes of `(task_id, model, code)`."
    rows = pd.DataFrame([dict(task_id=task_id, model=model, sample=0, n_tokens=0, finish_reason='stop', code=code)
                         for task_id,model,code in programs])
    return execute(rows, tasks, **running)


def cause(row):
    "Why a program has not passed, in a few words."
    errors = [error for error in row.errors if error]
    return f'{row.status}, {row.n_passed} of {row.n_tests}' + (f', {errors[0]}' if errors else '')


def standard_only(path):
    "Tasks of BigCodeBench that need the standard library alone."
    return {record['task_id'] for record in records(path)
            if set(ast.literal_eval(record.get('libs') or '["x"]'))<=set(sys.stdlib_module_names)}


def check_right(name, loaded, path, running):
    "Right programs of a set."
    own = set(loaded.tasks.task_id)
    programs = [(task_id, 'reference', code) for task_id,code in loaded.references.items() if task_id in own]
    if not programs: return None
    rows = graded(programs, loaded.tasks, running)
    whole = loaded.left_out[loaded.left_out.left_out=='task']
    passed, n = rows[rows.n_passed==rows.n_tests], len(rows)+len(whole)
    print(f'{name}: right programs {len(passed)} of {n} pass ({len(passed)/n:.1%})')
    if name=='bigcodebench':
        some = standard_only(path)
        n, n_passed = sum(rows.task_id.isin(some)), sum(passed.task_id.isin(some))
        print(f'{name}, standard library alone: {n_passed} of {n} pass ({n_passed/n:.1%})')
    for row in rows[rows.n_passed<rows.n_tests].itertuples():
        setup = loaded.tasks.set_index('task_id').setup[row.task_id] or ''
        lacks = missing_packages(f'{setup}\n{loaded.references[row.task_id]}', running['limits'].packages)
        print(f'    miss {row.task_id}: {cause(row)}{", lacks "+", ".join(lacks) if lacks else ""}')
    if len(loaded.left_out): print('    '+left_out_text(loaded.left_out).replace('\n', '\n    '))
    return {task_id: loaded.references[task_id] for task_id in passed.task_id}


def recorded_programs(name, path):
    "`(task_id, model, code, recorded verdict)` of a file that has some."
    for record in records(path):
        if name=='apps':
            for n,one in enumerate(record['programs_with_recorded_verdict']):
                yield record['id'], f'{one["from"]} {n}', one['program'], one['is_solved']
        elif name=='codecontests':
            for model,one in record['programs'].items():
                yield record['task_id'], model, one['solution'], one['passing_public_tests']


def as_scripts(tasks, path):
    "Tasks of APPS as its recorded programs met them: their runner gave the arguments on standard input."
    tests = {record['id']: [json.dumps(dict(input=case['input'], output=str(case['output'][0]), seconds=30))
                            for case in record['test_list']] for record in records(path)}
    return tasks.assign(tests=tasks.task_id.map(tests), test_kind='stdin', setup='', entry_point=None)


def texts_only(path):
    "Tasks of APPS whose outputs are text. Its recorded runner compared printed text with a value: always different."
    return {record['id'] for record in records(path)
            if all(isinstance(case['output'][0], str) for case in record['test_list'])}


def check_recorded(name, loaded, path, running):
    "Recorded verdicts of a set. Returns its tasks, and for each a program that was right and is."
    rows = [row for row in recorded_programs(name, path) if isinstance(row[2], str)]
    tasks = as_scripts(loaded.tasks, path) if name=='apps' else loaded.tasks
    outcomes = graded([row[:3] for row in rows], tasks, running)
    fair = outcomes.task_id.isin(texts_only(path)) if name=='apps' else outcomes.task_id.notna()
    same = (outcomes.n_passed==outcomes.n_tests)==[recorded for *_,recorded in rows]
    n = sum(fair)
    print(f'{name}: recorded verdicts {sum(fair & same)} of {n} agree ({sum(fair & same)/n:.1%})')
    if n<len(fair):
        print(f'    {sum(~fair)} more are on tasks whose outputs are not text, where the recorded runner says wrong of '
              f'each program: {sum(~fair & same)} of them agree')
    for agrees,row,(*_, recorded) in zip(same, outcomes.itertuples(), rows):
        if not agrees: print(f'    recorded {recorded}: {row.task_id}, {row.model}: {cause(row)}')
    right = {row.task_id: code for row,(_, _, code, recorded) in zip(outcomes.itertuples(), rows)
             if recorded and row.n_passed==row.n_tests}
    return tasks, right


GOLDEN = .6180339887498949


class Mutant(ast.NodeTransformer):
    "Puts the nth mistake into a program."
    swaps = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
             ast.Mod: ast.Mult, ast.Lt: ast.GtE, ast.LtE: ast.Lt, ast.Gt: ast.LtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
             ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn, ast.NotIn: ast.In}

    def __init__(self, n): self.left, self.what = n, None

    def take(self):
        self.left -= 1
        return self.left==-1

    def swapped(self, operator):
        if type(operator) not in self.swaps or not self.take(): return operator
        self.what = f'{type(operator).__name__} -> {self.swaps[type(operator)].__name__}'
        return self.swaps[type(operator)]()

    def visit_BinOp(self, node):
        self.generic_visit(node)
        node.op = self.swapped(node.op)
        return node

    visit_BoolOp = visit_AugAssign = visit_BinOp

    def visit_Compare(self, node):
        self.generic_visit(node)
        node.ops = [self.swapped(op) for op in node.ops]
        return node

    def visit_Expr(self, node): return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Constant(self, node):
        if type(node.value) is bool or not isinstance(node.value, (int, float, str)): return node
        if not self.take(): return node
        self.what = f'{node.value!r:.20} changed'
        return ast.Constant(node.value+'x' if isinstance(node.value, str) else node.value+1)

    def visit_Return(self, node):
        self.generic_visit(node)
        if node.value is None or not self.take(): return node
        self.what, node.value = 'return None', ast.Constant(None)
        return node


def mutants(code):
    "Programs with one mistake each, `(what, code)`; any first few are spread over the program."
    try: tree = ast.parse(code)
    except SyntaxError: return
    counter = Mutant(1<<30)
    counter.visit(tree)
    for k in sorted(range((1<<30)-counter.left), key=lambda k: (k+.5)*GOLDEN%1):
        mutant = Mutant(k)
        made = ast.unparse(ast.fix_missing_locations(mutant.visit(ast.parse(code))))
        if mutant.what: yield f'{k} {mutant.what}', made


def check_mutants(name, tasks, right, most, running):
    """Right programs with a mistake, `most` for each task and as many again until one of them fails. One that passes is
    run by plain Python too: some mistakes change nothing."""
    left = {task_id: mutants(program) for task_id,program in right.items()}
    by_id, n_run, n_same, failed, wrong = tasks.set_index('task_id'), dict.fromkeys(right, 0), 0, set(), []
    while rows := [(task_id, *mutant) for task_id,more in left.items() for mutant in islice(more, most)]:
        outcomes = graded(rows, tasks, running)
        for row,(task_id, _, code) in zip(outcomes.itertuples(), rows):
            n_run[task_id] += 1
            if row.n_passed<row.n_tests: failed.add(task_id)
            elif plainly_passes(by_id.loc[task_id], code): n_same += 1
            else: wrong.append(row)
        left = {task_id: more for task_id,more in left.items() if task_id not in failed}
    n_failed = sum(n_run.values())-n_same-len(wrong)
    print(f'{name}: programs with a mistake that plain Python fails: {n_failed} of {n_failed+len(wrong)} fail here; '
          f'{n_same} mistakes change nothing that the tests see; {len(failed)} of {len(right)} tasks have a program '
          'that fails')
    for row in wrong: print(f'    passes here: {row.task_id}, {row.model}')
    for task_id in left: print(f'    none fails: {task_id}, {why_none(right[task_id], n_run[task_id])}')


def why_none(code, n):
    "Why no mistake in a program makes it fail."
    if n: return f'its tests see none of its {n} mistakes'
    try: ast.parse(code)
    except SyntaxError as e: return f'this Python cannot read it (line {e.lineno}: {e.msg})'
    return 'it has no operator, constant or result to change'


CALLS = '''
import json
def same(a, b):
    if isinstance(a, (list, tuple)) and isinstance(b, list): return len(a)==len(b) and all(map(same, a, b))
    return a==b
for text in TESTS:
    case = json.loads(text)
    given = case['input']
    owner, _, method = ENTRY.rpartition('.')
    function = getattr(globals()[owner](), method) if owner else globals()[method]
    value = function(**given) if isinstance(given, dict) else function(*given)
    assert any(same(value, right) for right in (case['output'], *case.get('or', ())))
'''


def prints_the_same(printed, expected):
    "The comparison of lines, then of decimals."
    lines, wanted = ([line.split() for line in text.strip().split('\n')] for text in (printed, expected))
    same = lambda a, b: a==b or is_number(a) and is_number(b) and Decimal(a)==Decimal(b)
    return len(lines)==len(wanted) and all(len(a)==len(b) and all(map(same, a, b)) for a,b in zip(lines, wanted))


def is_number(word):
    try: return Decimal(word).is_finite()
    except InvalidOperation: return False


def plain_setup(setup):
    "A task's setup without the imports of what is not installed, as llmr runs it."
    parts = [ast.unparse(node) for node in ast.parse(setup or '').body]
    return f'for part in {parts!r}:\n    try: exec(part)\n    except ModuleNotFoundError: pass\n'


def plainly_prints(task, code):
    "Whether a script prints what its task expects in a Python of its own."
    for case in map(json.loads, task.tests):
        command, seconds = [sys.executable, '-c', f'{plain_setup(task.setup)}\n{code}'], case.get('seconds') or 60
        try: done = subprocess.run(command, input=case['input'], capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired: return False
        if done.returncode or not prints_the_same(done.stdout, case['output']): return False
    return True


def plainly_passes(task, code):
    "Whether a program passes the task's tests in a Python of its own, without the sandbox."
    kind, tests = getattr(task, 'test_kind', 'assert'), list(task.tests)
    if kind=='stdin': return plainly_prints(task, code)
    if kind=='call': ends = f'TESTS = {tests!r}\nENTRY = {task.entry_point!r}\n{CALLS}'
    elif kind=='unittest': ends = f'{tests[0]}\nimport unittest\nunittest.main(argv=["x"])'
    else: ends = '\n'.join(tests)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)/'plain.py'
        path.write_text(f'{plain_setup(task.setup)}\n{code}\n{ends}\n', encoding='utf-8')
        try: done = subprocess.run([sys.executable, path], capture_output=True, timeout=60, cwd=folder)
        except subprocess.TimeoutExpired: return False
    return done.returncode==0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--sets', nargs='+', choices=FILES, default=list(FILES))
    parser.add_argument('--mutants', type=int, default=2,
                        help='programs with a mistake for each task, and as many again while none fails')
    parser.add_argument('--tasks', type=int, help='at most so many tasks of a set for programs with a mistake')
    parser.add_argument('--workers', type=int)
    parser.add_argument('--python', help='interpreter that runs the programs')
    args = parser.parse_args()
    folder = Path(os.environ.get('LLMR_DATA', 'data'))/'benchmarks'
    for name in args.sets:
        path, start = folder/f'{FILES[name]}.jsonl.gz', time.monotonic()
        loaded = load_benchmark(f'{name}={path}', workers=args.workers)
        running = dict(limits=benchmark_limits([name], python=args.python), workers=args.workers, **QUIET)
        right, tasks = check_right(name, loaded, path, running), loaded.tasks
        if name in ('apps', 'codecontests'): tasks, right = check_recorded(name, loaded, path, running)
        if right and args.mutants:
            step = max(1, len(right)//args.tasks) if args.tasks else 1
            check_mutants(name, tasks, dict(list(right.items())[::step][:args.tasks]), args.mutants, running)
        print(f'    {time.monotonic()-start:.0f} s', flush=True)


if __name__=='__main__': main()
