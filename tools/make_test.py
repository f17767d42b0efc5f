"""What `make test` runs, side by side: types, notebooks, tests.

`python tools/make_test.py [--workers N] [--all]`. Tests wait for servers, browsers and clocks, while notebooks and mypy
compute. The tests' output is shown as it comes; that of the other parts when the tests are over, each in one piece.
"""
import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 'tests'  # The part whose output is shown as it comes
LOOK_S = .2


def parts(workers, every):
    """`{name: command}`. Each process of pytest takes whole files, the longest first (tests/conftest.py): tests of a
    file share what they compute. Lessons alone: the tests' toy run executes the lower halves of stages, which
    nbdev_test would run once more; it does with `every`."""
    python, bin_folder = sys.executable, Path(sys.executable).parent
    notebooks = [python, 'tools/lessons.py', '--workers', '1']
    if every: notebooks = [str(bin_folder/'nbdev_test'), '--n_workers', '2']
    pytest = [python, '-m', 'pytest', '-q', '-n', str(workers), '--dist', 'loadfile', '--no-loadscope-reorder']
    return dict(types=[python, '-m', 'mypy'], notebooks=notebooks, tests=[*pytest, *['--all']*every, 'tests'])


def wait(processes):
    "`{name: (exit code, seconds)}` of processes, when all have ended. One that is left when we are stopped is ended."
    start, ended = time.monotonic(), {}
    try:
        while len(ended)<len(processes):
            time.sleep(LOOK_S)
            for name,process in processes.items():
                if name in ended or process.poll() is None: continue
                ended[name] = process.returncode, time.monotonic()-start
    finally:
        for process in processes.values():
            if process.poll() is None: process.terminate()
    return ended


def run(commands):
    "Run parts side by side, and say what became of each. True if all succeeded."
    with tempfile.TemporaryDirectory() as folder:
        logs = {name: Path(folder)/name for name in commands if name!=SHOWN}
        processes = {}
        for name,command in commands.items():
            out = logs[name].open('wb') if name in logs else None
            error = subprocess.STDOUT if name in logs else None
            processes[name] = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=error)
            if out: out.close()
        ended = wait(processes)
        for name,log in logs.items():
            print(f'== {name}\n{log.read_text(encoding="utf-8", errors="replace")}', end='')
    for name,(code, seconds) in ended.items():
        print(f'== {name}: {"failed" if code else "passed"} in {seconds:.0f} s', flush=True)
    return not any(code for code,_ in ended.values())


def main(argv=None):
    "Every part runs, whatever becomes of the others. Returns the exit code."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--workers', type=int, default=3, help='processes of pytest')
    parser.add_argument('--all', action='store_true', help='also what takes minutes')
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return 0 if run(parts(args.workers, args.all)) else 1


if __name__=='__main__': sys.exit(main())
