"""What `make check` runs: lint, types, export in step, and unit tests of the modules that changed.

`python tools/make_check.py [--base REF] [--all]`. A change is a difference from the commit where the branch left
`main`, committed or not. `tests/test_NAME.py` holds the unit tests of `llmr/NAME.py`; those that need a finished
run are left to `make test`.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPELLED = 'nbs', 'llmr', 'tests', 'tools', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'
RUN_FIXTURE = 'once' # in tests/conftest.py: every fixture that reproduces something asks for it
NOTEBOOK = re.compile(r'nbs/(?:\d\d[a-z]?_)?(\w+)\.ipynb')
MODULE = re.compile(r'(?:llmr|tests)/(?:test_)?(\w+)\.py')
PROJECT = re.compile(r'[A-Z]+\.(?:md|cff)|\.github/.*|\.pre-commit-config\.yaml|settings\.ini|setup\.py|Makefile'
                     r'|tools/make_check\.py')


def module_of(path):
    "Name of the module that a file belongs to; '' for a file that belongs to none."
    if path.startswith('llmr/sandbox/'): return 'execution'
    if PROJECT.fullmatch(path): return 'contributing'
    match = NOTEBOOK.fullmatch(path) or MODULE.fullmatch(path)
    return match[1] if match else ''


def unit_tests(modules, root=ROOT):
    "`(test files, modules that have none)`."
    files = {name: f'tests/test_{name}.py' for name in sorted(modules)}
    is_unit = lambda name: name=='contributing' or (root/'llmr'/f'{name}.py').exists()
    found = [path for name,path in files.items() if is_unit(name) and (root/path).exists()]
    return found, [name for name,path in files.items() if is_unit(name) and not (root/path).exists()]


def git(*command):
    return subprocess.run(['git', *command], cwd=ROOT, capture_output=True, text=True)


def branch_point():
    "The commit where this branch left `main`; the last commit where there is no such branch."
    found = [git('merge-base', 'HEAD', branch) for branch in ('origin/main', 'main')]
    return next((done.stdout.strip() for done in found if not done.returncode), 'HEAD')


def changed_files(base):
    "Files that differ from commit `base`, new ones included. Raises: `SystemExit` if git cannot say."
    lists = git('diff', '--name-only', base), git('ls-files', '--others', '--exclude-standard')
    for done in lists:
        if done.returncode:
            sys.exit(f'make check: git cannot compare with {base!r}: {done.stderr.strip()}. Use BASE=REF, or ALL=1.')
    return sorted({line for done in lists for line in done.stdout.splitlines()})


def pytest_collection_modifyitems(config, items):
    "As a pytest plugin: leave out tests that need a finished run."
    left_out = [item for item in items if RUN_FIXTURE in item.fixturenames]
    if not left_out: return
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def steps(tests):
    "`(name, command)` of each step."
    python = [sys.executable, '-m']
    pytest = [*python, 'pytest', '-q', '-p', 'make_check', '-n', '2', '--dist', 'worksteal']
    return [('lint', [*python, 'ruff', 'check', '--output-format', 'concise']),
            ('spelling', [*python, 'codespell_lib', *SPELLED]), ('style', [sys.executable, 'tools/style.py']),
            ('types', [*python, 'mypy']),
            ('export in step, unit tests', [*pytest, 'tests/test_sync.py', *tests])]


def environment():
    "For a step: this checkout's library first, and this file as a plugin."
    paths = str(ROOT), str(ROOT/'tools'), os.environ.get('PYTHONPATH')
    return os.environ | dict(PYTHONPATH=os.pathsep.join(filter(None, paths)))


def run(name, command):
    "Run one step and say how long it took. True if it succeeded."
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment())
    print(f'== {name}: {"failed" if done.returncode else "passed"} in {time.monotonic()-start:.0f} s', flush=True)
    return done.returncode==0


def main(argv=None):
    "Every step runs, whatever became of the one before. Returns the exit code."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--base', help='commit to compare with (default: where this branch left main)')
    parser.add_argument('--all', action='store_true', help='unit tests of every module')
    args = parser.parse_args(argv)
    every = (path.name.removeprefix('test_') for path in (ROOT/'tests').glob('test_*.py'))
    changed = [f'tests/{name}' for name in every] if args.all else changed_files(args.base or branch_point())
    tests, untested = unit_tests({name for name in map(module_of, changed) if name and not name.startswith('_')})
    print(f'== unit tests: {" ".join(tests) or "no module changed"}', flush=True)
    for name in untested: print(f'== {name} changed, and there is no tests/test_{name}.py', flush=True)
    return 0 if all([run(*step) for step in steps(tests)]) else 1


if __name__=='__main__': sys.exit(main())
