"The library is what the notebooks export, and the notebooks are as they must be committed."
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import NBS, ROOT

from llmr.pipeline import STAGES

HAND_WRITTEN = {'__init__.py', 'cli.py'}
NOTEBOOKS = sorted([*NBS.glob('*.ipynb'), *(NBS/'experiments').glob('*.ipynb')])


def cells(path): return json.loads(path.read_text(encoding='utf-8'))['cells']
def source(cell): return ''.join(cell['source'])
def exports(cell): return cell['cell_type']=='code' and source(cell).startswith('#| export')
def tagged(cell): return 'parameters' in cell['metadata'].get('tags', ())


@pytest.fixture(scope='module')
def copied(tmp_path_factory):
    "A copy of notebooks and library in which nbdev has cleaned and exported."
    root = tmp_path_factory.mktemp('sync')
    shutil.copytree(NBS, root/'nbs', ignore=shutil.ignore_patterns('_quarto.yml', '.*'))
    shutil.copytree(ROOT/'llmr', root/'llmr', ignore=shutil.ignore_patterns('__pycache__', 'data'))
    for name in ('settings.ini', 'setup.py'): shutil.copy(ROOT/name, root)
    for command in ('nbdev_clean', 'nbdev_export'): subprocess.run([Path(sys.executable).parent/command], cwd=root, check=True, capture_output=True)
    return root


def test_export_changes_nothing(copied):
    differ = [path.name for path in sorted((copied/'llmr').glob('*.py')) if not (ROOT/'llmr'/path.name).exists() or path.read_bytes()!=(ROOT/'llmr'/path.name).read_bytes()]
    assert not differ, f'run nbdev_export: {differ}'


def test_clean_changes_nothing(copied):
    differ = [path.name for path in NBS.glob('*.ipynb') if path.read_bytes()!=(copied/'nbs'/path.name).read_bytes()]
    assert not differ, f'run nbdev_clean: {differ}'


def test_every_module_has_its_notebook():
    exported = {f'{source(cells(path)[0]).split()[2]}.py' for path in NBS.glob('[0-9][0-9]*_*.ipynb')}
    assert {path.name for path in (ROOT/'llmr').glob('*.py')}==exported | HAND_WRITTEN | {'_modidx.py'}


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_committed(path):
    assert not [cell['id'] for cell in cells(path) if cell.get('outputs') or cell.get('execution_count')]


@pytest.mark.parametrize('stage', STAGES)
def test_parameters_cell(stage):
    held = cells(NBS/f'{stage}.ipynb')
    at = [i for i,cell in enumerate(held) if tagged(cell)]
    assert len(at)==1
    assert not exports(held[at[0]])
    assert not [cell['id'] for cell in held[at[0]:] if exports(cell)], 'exported below the parameters cell'
    assert not [cell['id'] for cell in held[:at[0]] if exports(cell) and ('open_run' in source(cell) or 'run_dir' in source(cell))], 'input or output in the library half'


def test_names_are_defined():
    done = subprocess.run([sys.executable, '-m', 'ruff', 'check', '--select', 'F', '--exclude', 'tests/hostile', 'llmr', 'tests', 'tools', 'benchmarks'], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stdout


def test_site_lists_every_notebook():
    assert (NBS/'_quarto.yml').resolve()==ROOT/'_quarto.yml'
    listed, contents = [], yaml.safe_load((ROOT/'_quarto.yml').read_text())['website']['sidebar']['contents']
    while contents:
        entry = contents.pop()
        if isinstance(entry, dict) and 'contents' in entry: contents += entry['contents']
        else: listed.append(entry['href'] if isinstance(entry, dict) else entry)
    assert sorted(listed)==sorted(path.name for path in NBS.glob('*.ipynb'))


def test_no_text_is_shipped(shipped):
    assert shipped('tasks')[['text', 'tests', 'setup', 'entry_point']].isna().all(axis=None)
    assert shipped('completions')[['text', 'code']].isna().all(axis=None)
    assert sum(path.stat().st_size for path in (ROOT/'llmr'/'data').rglob('*') if path.is_file() and 'models' not in path.parts)<3e6
