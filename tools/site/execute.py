"""Executed copies of all notebooks.

A stage's results come from the run, which skips its lessons. Lessons and all other notebooks are executed here, in
processes forked from one that has the imports already. A copy is kept until the code or the run changes.
"""
import gc
import hashlib
import json
import multiprocessing
import os
import pkgutil
import sys
import tempfile
from importlib import import_module

from execnb.nbio import read_nb, write_nb
from execnb.shell import CaptureShell
from notebooks import NBS, ROOT, has_tag, page_name

import llmr
from llmr.core import InputError, file_hash
from llmr.page import notebook_format
from llmr.pipeline import BEYOND, STAGES, fingerprint
from llmr.runs import Run, is_current, read_record

NEEDS_TEXT = {'10_transfer'}  # Reads the text of tasks, which is not shipped
HEAVY = ('matplotlib.pyplot', 'nlpaug.augmenter.word', 'scipy.stats', 'seaborn', 'sklearn.ensemble', 'sklearn.pipeline',
         'torch', 'transformers.models.auto', 'transformers.models.llama')
FORMATS = 'from matplotlib_inline.backend_inline import set_matplotlib_formats as use; use({!r})'


def preload():
    "Import what notebooks import, once for all processes forked from this one."
    for name in HEAVY: import_module(name)
    for module in pkgutil.iter_modules(llmr.__path__, 'llmr.'): import_module(module.name)
    gc.collect()
    gc.freeze()  # A collection in a fork would touch, and so copy, all that is imported here


def in_fork(function, *arguments):
    """Call a function in a forked process, with a folder for temporary files that is deleted afterwards.
    Raises: `ChildProcessError` if it fails; its traceback is on standard error."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        process = multiprocessing.get_context('fork').Process(target=_call_in, args=(scratch, function, arguments))
        process.start()
        process.join()
    if not process.exitcode: return
    raise ChildProcessError(f'{function.__name__}({", ".join(map(str, arguments))}) failed, see above')


def _call_in(scratch, function, arguments):
    "Call a function that puts its temporary files into `scratch`."
    os.environ['TMPDIR'] = tempfile.tempdir = scratch
    function(*arguments)


def opened(path, folder):
    "`(notebook, shell)` to execute the notebook at `path` in `folder`."
    notebook, shell = read_nb(path), CaptureShell()
    os.chdir(folder)
    shell.displayhook.compute_format_data = lambda result: ({}, {})  # execnb formats results itself
    shell.run_cell(FORMATS.format('png' if path.stem=='index' else 'svg'))  # README.md shows a PNG
    return notebook, shell


def run_cells(path, notebook, shell, preproc=lambda cell: False, **hooks):
    "Run the cells of a notebook; one that fails ends this process with its traceback, and says which cell it is."
    last = []
    def noted(cell):
        last[:] = [cell]
        return preproc(cell)
    try: shell.run_all(notebook, exc_stop=True, preproc=noted, **hooks)
    except (Exception, SystemExit): sys.exit(f'{shell.prettytb(path)}\n{failed_cell(path, last[0])}')


def failed_cell(path, cell):
    "Which cell of which page failed, and what to do."
    first = next((line for line in cell.source.splitlines() if line and not line.startswith('#|')), '')
    return (f'page {page_name(path.stem)}.html: cell {cell.idx_} ({cell.get("id", "no id")}) of nbs/{path.name} '
            f'failed, which begins {first[:60]!r}. The error is above. Repair it, try '
            f'`nbdev_test --path nbs/{path.name} --n_workers 0`, and build again: other pages are kept.')


def execute(path, copy, folder, parameters):
    "Execute the notebook at `path` in `folder`, and write it with its outputs to `copy`."
    def set_parameters(cell):
        if cell.cell_type=='code' and has_tag(cell, 'parameters'): shell.user_ns.update(parameters)
    notebook, shell = opened(path, folder)
    run_cells(path, notebook, shell, postproc=set_parameters)
    write_nb(notebook, copy)


def execute_lessons(path, copy, folder, stage):
    """Execute what is above a stage's parameters cell, which a run skips, and write it to `copy`.
    The outputs below come from `stage`, the run's executed copy."""
    notebook, shell = opened(path, folder)
    at = next(i for i,cell in enumerate(notebook.cells) if cell.cell_type=='code' and has_tag(cell, 'parameters'))
    run_cells(path, notebook, shell, preproc=lambda cell: cell.idx_>=at)
    outputs = {cell.id: cell.outputs for cell in read_nb(stage).cells if cell.cell_type=='code' and 'id' in cell}
    for cell in notebook.cells[at:]:
        if cell.cell_type=='code': cell.outputs = outputs[cell.id]
    write_nb(notebook, copy)


def cached_copy(path, mark, cache, folder, source, how=execute):
    """The executed copy of a notebook in `cache`, made now unless it is there; `mark` is a hash of what it depends on.
    `source` is what `how` takes last: parameters, or the run's copy."""
    copy = cache/f'{path.stem}-{mark[:16]}.ipynb'
    if copy.exists(): return copy
    cache.mkdir(parents=True, exist_ok=True)
    for outdated in cache.glob(f'{path.stem}-*.ipynb'): outdated.unlink()
    part = copy.with_suffix('.part')
    in_fork(how, path, part, folder, source)
    return part.replace(copy)


def takes_a_run(path):
    "Whether a notebook has a parameters cell."
    return any(has_tag(cell, 'parameters') for cell in notebook_format().read(path, as_version=4).cells)


def has_executed(run:Run, stem):
    "Whether the run has the results of a stage and its executed notebook."
    return is_current(run.dir, stem) and (run.dir/'nbs'/f'{stem}.ipynb').exists()


def check_stages(run:Run):
    "Raises: `InputError` naming the pages whose stages the run lacks."
    missing = [stem for stem in BEYOND if not has_executed(run, stem)]
    if not missing: return
    pages = ', '.join(f'{page_name(stem)}.html ({stem})' for stem in missing)
    raise InputError(f'{run.dir}: no results for the pages {pages}. Run `llmr reproduce --profile {run.profile.name} '
                     f'--beyond --out {run.dir}` first, or build with --quick, which leaves them out.')


def source_of(path, run:Run, beyond, quick=False):
    """Where a notebook's outputs come from.

    `stage`: the run's, and its lessons executed here; `results`: the run's, without lessons; `run`: executed here
    against the run; `toy`: executed here at toy size; `alone`: executed here, takes no run; `none`: not executed."""
    if path.stem in STAGES+BEYOND:
        return 'none' if path.stem in BEYOND and not beyond else 'results' if quick else 'stage'
    if not takes_a_run(path): return 'none' if quick and path.stem[0].isdigit() else 'alone'
    if path.stem[0].isdigit() and not beyond: return 'none'
    return 'toy' if path.stem in NEEDS_TEXT and run.profile.tasks=='shipped' else 'run'


def of_code():
    "Hash of the library's code and data, the pages' tables and the changelog: what every notebook's outputs depend on."
    pages = map(file_hash, sorted((NBS/'assets').glob('*.csv')))
    return _hash(fingerprint(STAGES[0], {}), file_hash(ROOT/'CHANGELOG.md'), *pages)


def of_tables(run:Run):
    "Hash of everything that the run's stages wrote."
    stages = read_record(run.dir)['stages']
    return _hash(*(json.dumps(stages[stem]['writes'], sort_keys=True) for stem in sorted(stages)))


def _hash(*texts): return hashlib.sha256('\n'.join(texts).encode()).hexdigest()


def copy_against(path, run:Run, code):
    "The copy of a notebook that is executed against a run. It is no stage, so the run's record does not change."
    given = dict(profile=run.profile.name, run_dir=str(run.dir), pairs=[pair.name for pair in run.pairs], seed=run.seed)
    copy = cached_copy(path, _hash(code, of_tables(run), file_hash(path)), run.dir/'pages', run.dir, given)
    (run.dir/'ledger.json').unlink(missing_ok=True)
    return copy


def copy_of_stage(path, run:Run, code):
    "The copy of a stage: its lessons are executed here, its other outputs are the run's."
    stage = run.dir/'nbs'/path.name
    mark = _hash(code, file_hash(path), file_hash(stage))
    return cached_copy(path, mark, run.dir/'pages', NBS, stage, execute_lessons)


def copy_of(path, source, run:Run, code):
    "The copy of a notebook whose outputs come from `source`."
    if source=='stage': return copy_of_stage(path, run, code)
    if source=='results': return run.dir/'nbs'/path.name
    if source=='none': return path
    if source=='run': return copy_against(path, run, code)
    return cached_copy(path, _hash(code, file_hash(path)), run.dir/'pages', NBS, {})


def executed(run:Run, quick=False, on_progress=print):
    """`{stem: (copy, source)}` of every notebook; with `quick`, lessons and stages beyond the paper stay as they are.
    Raises: `ChildProcessError` if a notebook fails, `InputError` if the run lacks a stage that a page shows."""
    if not quick: check_stages(run)
    preload()
    beyond = not quick
    code, copies = of_code(), {}
    for path in sorted(NBS.glob('*.ipynb')):
        source = source_of(path, run, beyond, quick)
        on_progress(f'{path.stem}: {source}')
        copies[path.stem] = copy_of(path, source, run, code), source
    return copies

