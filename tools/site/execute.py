"Executed copies of every notebook: what belongs to the run is executed against it, the rest alone; nothing is executed twice for the same code."
import hashlib
import json
import os
import sys
from pathlib import Path

import nbformat

from llmr.core import InputError, Run, file_hash, open_run, write_json
from llmr.reproduce import BEYOND, STAGES, fingerprint, is_done, run_stage, stage_notebook

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT/'tools'))
import readme  # noqa: E402

NEED_TEXT = {'10_datasets', '11_augmentation'}  # They read the tasks' sentences, which no shipped table has: their pages are of toy size
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


def opened(folder):
    "The finished run at `folder`. Raises: `InputError` if it is none."
    record = folder/'run.json'
    if not record.exists(): raise InputError(f'{folder}: not a run directory. Run `llmr reproduce --out {folder}` first.')
    held = json.loads(record.read_text())
    for stage in STAGES:
        if stage not in held['stages']: raise InputError(f'{folder}: {stage} has not run. Run `llmr reproduce --profile {held["profile"]} --out {folder}` first.')
    return open_run(held['profile'], folder, held['pairs'], held['seed'])


def against(run:Run, stem):
    "Execute one notebook against the run unless it was, with this very code; remember it in `run.json` as `llmr reproduce` does."
    given = dict(profile=run.profile.name, pairs=[pair.name for pair in run.pairs], seed=run.seed)
    mark, stages = fingerprint(stem, given), json.loads((run.dir/'run.json').read_text())['stages']
    if is_done(run, stages.get(stem, {}), mark) and (run.dir/'nbs'/f'{stem}.ipynb').exists(): return run.dir/'nbs'/f'{stem}.ipynb'
    stages[stem] = run_stage(run, stem, given) | dict(fingerprint=mark, parameters=given)
    run.note(stages=stages)
    return run.dir/'nbs'/f'{stem}.ipynb'


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


def executed(run:Run, cache, beyond=True, tell=print):
    "`{stem: (copy, way)}` of every notebook in nbs/: the stages in the order in which `llmr reproduce --beyond` runs them, then the rest. Without `beyond`, stages beyond the paper stay as they are."
    vector_figures(cache/'ipython')
    order = {stem: place for place,stem in enumerate(STAGES+BEYOND)}
    paths = sorted((ROOT/'nbs').glob('*.ipynb'), key=lambda path: (order.get(path.stem, len(order)), not path.stem[:2].isdigit(), path.stem))
    copies = {}
    for path in paths:
        tell(path.stem)
        how = way(path, run, beyond)
        if how=='none': copies[path.stem] = path, how
        elif how=='run': copies[path.stem] = (run.dir/'nbs'/path.name if path.stem in STAGES else against(run, path.stem)), how
        else: copies[path.stem] = alone(path.stem, cache/'alone'), how
    return copies
