"Executed copies of every notebook: what belongs to the run is executed against it, the rest alone; nothing is executed twice for the same code."
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from llmr.core import InputError, file_hash, write_json
from llmr.runs import Run, read_record
from llmr.pipeline import BEYOND, STAGES, fingerprint, finished_run, is_done, run_stage, stage_notebook

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT/'tools'))
import readme  # noqa: E402

NEED_TEXT = {'10_transfer'}  # It reads the tasks' sentences, which no shipped table has: its page is of toy size
SLOW = '09_selection'  # Takes as long as the others together: executed beside them
LATE = (SLOW, '11_verdict', '17_report')  # It is waited for here, and the others read what it writes
KERNEL = "c.InlineBackend.figure_formats = {'png', 'svg'}\n"


def vector_figures(folder):
    "Let kernels that start from here show figures as SVG too."
    profile = folder/'profile_default'
    profile.mkdir(parents=True, exist_ok=True)
    (profile/'ipython_kernel_config.py').write_text(KERNEL)
    os.environ['IPYTHONDIR'] = str(folder)


def takes_a_run(path):
    "Whether a notebook has a parameters cell."
    return any('parameters' in cell.metadata.get('tags', ()) for cell in nbformat.read(path, as_version=4).cells)


def asked(run:Run, stem):
    "`(parameters, fingerprint, whether the run has it already)`, as `llmr reproduce` counts them."
    given = dict(profile=run.profile.name, pairs=[pair.name for pair in run.pairs], seed=run.seed)
    mark = fingerprint(stem, given)
    return given, mark, is_done(run, stem, mark) and (run.dir/'nbs'/f'{stem}.ipynb').exists()


def against(run:Run, stem):
    "Execute one notebook against the run unless it was, with this very code; remember it in `run.json` as `llmr reproduce` does."
    given, mark, done = asked(run, stem)
    if not done:
        record = run_stage(run, stem, given) | dict(fingerprint=mark, parameters=given)
        run.note(stages=read_record(run.dir)['stages'] | {stem: record})
    return run.dir/'nbs'/f'{stem}.ipynb'


def beside(run:Run, stem):
    "Start one notebook in a copy of the run, in a process of its own. Returns `(wait, stop)`: what waits for it, takes over what it wrote and gives its executed copy; what ends it."
    if asked(run, stem)[2]: return lambda: run.dir/'nbs'/f'{stem}.ipynb', lambda: None
    copy = run.dir.with_name(f'{run.dir.name}-beside')
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(run.dir, copy)
    process = subprocess.Popen([sys.executable, __file__, copy, stem])
    def wait():
        "Wait, and take over."
        if process.wait(): raise InputError(f'{stem} failed beside the others; run `llmr reproduce --beyond --out {run.dir}` to see why.')
        record = read_record(copy)['stages'][stem]
        for name in [*record['writes'], f'nbs/{stem}.ipynb']:
            (run.dir/name).parent.mkdir(exist_ok=True)
            shutil.copy(copy/name, run.dir/name)
        run.note(stages=read_record(run.dir)['stages'] | {stem: record})
        return run.dir/'nbs'/f'{stem}.ipynb'
    def stop():
        "End it if it still runs, and leave nothing behind."
        process.terminate()
        process.wait()
        shutil.rmtree(copy, ignore_errors=True)
    return wait, stop


def alone(stem, folder):
    "Execute one notebook by itself, at toy size where it takes a run."
    sources = fingerprint(stem, {})+file_hash(ROOT/'CHANGELOG.md')
    mark, path = hashlib.sha256(sources.encode()).hexdigest(), folder/f'{stem}.ipynb'
    record = folder/f'{stem}.json'
    if path.exists() and record.exists() and json.loads(record.read_text())==dict(fingerprint=mark): return path
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(readme.executed(stage_notebook(stem)), path)
    write_json(record, dict(fingerprint=mark))
    return path


def way(path, run:Run, beyond):
    "How a notebook gets its outputs: `run` (against the run), `toy` (by itself, at toy size), `none` (not executed), `alone` (it takes no run)."
    if path.stem in STAGES: return 'run'
    if not takes_a_run(path): return 'alone'
    if path.stem[:2].isdigit() and not beyond: return 'none'
    return 'toy' if path.stem in NEED_TEXT and run.profile.tasks=='shipped' else 'run'


def in_order():
    "Notebooks of nbs/: stages as `llmr reproduce --beyond` runs them, other numbered ones, the slow one and its readers, and pages, which read what all of them wrote."
    order = {stem: place for place,stem in enumerate(STAGES+BEYOND)}
    return sorted((ROOT/'nbs').glob('*.ipynb'), key=lambda path: (not path.stem[:2].isdigit(), LATE.index(path.stem)+1 if path.stem in LATE else 0, order.get(path.stem, len(order)), path.stem))


def executed(run:Run, cache, beyond=True, on_progress=print):
    "`{stem: (copy, way)}` of every notebook in nbs/. Without `beyond`, stages beyond the paper stay as they are."
    vector_figures(cache/'ipython')
    copies, (wait, stop) = {}, beside(run, SLOW) if beyond else (None, None)
    try:
        for path in in_order():
            on_progress(path.stem)
            how = way(path, run, beyond)
            if how=='none': copies[path.stem] = path, how
            elif path.stem==SLOW: copies[path.stem] = wait(), how
            elif how=='run': copies[path.stem] = (run.dir/'nbs'/path.name if path.stem in STAGES else against(run, path.stem)), how
            else: copies[path.stem] = alone(path.stem, cache/'alone'), how
    finally:
        if stop: stop()
    return copies


if __name__ == '__main__':
    folder, stem = sys.argv[1:]
    vector_figures(Path(folder)/'ipython')
    against(finished_run(Path(folder)), stem)
