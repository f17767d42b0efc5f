"""Execute what the notebooks teach: `python tools/lessons.py [--workers N] [NOTEBOOK ...]`.

Everything but the run half of a stage, which the toy run of the tests executes; `nbdev_test` executes both. Processes
are forked from one that has the imports already.
"""
import argparse
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from execnb.nbio import read_nb
from execnb.shell import CaptureShell

sys.path.insert(0, str(Path(__file__).parent/'site'))
from execute import preload
from notebooks import NBS, has_tag


def failure(path):
    "The traceback of a notebook that fails, else ''."
    notebook, shell = read_nb(path), CaptureShell(path)
    stops = [at for at,cell in enumerate(notebook.cells) if has_tag(cell, 'parameters')]
    notebook.cells = notebook.cells[:stops[0] if stops else None]
    os.chdir(path.parent)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        os.environ['TMPDIR'] = tempfile.tempdir = scratch
        try: shell.run_all(notebook, exc_stop=True)
        except Exception: return shell.prettytb(fname=path)
    return ''


def main():
    "Execute the notebooks side by side. Returns the exit code."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('notebooks', nargs='*', type=Path, help='default: all')
    parser.add_argument('--workers', type=int, default=2, help='processes')
    args = parser.parse_args()
    paths = [path.resolve() for path in args.notebooks] or sorted(NBS.glob('*.ipynb'))
    preload()
    with multiprocessing.get_context('fork').Pool(args.workers, maxtasksperchild=1) as pool:
        failures = {path: text for path,text in zip(paths, pool.imap(failure, paths)) if text}
    for path,text in failures.items(): print(f'== {path.name}\n{text}', file=sys.stderr)
    print(f'lessons: {len(paths)-len(failures)} of {len(paths)} notebooks pass')
    return 1 if failures else 0


if __name__=='__main__': sys.exit(main())
