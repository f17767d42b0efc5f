"The library is what the notebooks export; notebooks and code keep the rules for their form; imports stay cheap."
import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import NBS, ROOT

from llmr.pipeline import BEYOND, STAGES

HAND_WRITTEN = {'__init__.py', 'cli.py', 'cli_serve.py', 'cli_watch.py'}
NOTEBOOKS = sorted([*NBS.glob('*.ipynb'), *(NBS/'experiments').glob('*.ipynb')])
NUMBERED = sorted(NBS.glob('[0-9][0-9]*_*.ipynb'))
MODULES = sorted((ROOT/'llmr').glob('*.py'))
RUN_NAMES = {'run', 'profile', 'run_dir', 'open_run'}
RUN_NOTEBOOKS = {'00b_runs'} # what they export opens runs
HEAVY = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'matplotlib', 'seaborn', 'papermill',
         'nbformat', 'nbconvert', 'nltk', 'nlpaug', 'openai', 'vllm', 'datasets', 'IPython', 'jupyter_client'}
LOADS = {'llmr.core': HEAVY, 'llmr.runs': HEAVY, 'llmr.plotting': HEAVY | {'pandas', 'numpy'}, 'llmr.router': HEAVY,
         'llmr.pipeline': HEAVY, 'llmr.cli': HEAVY | {'pandas', 'numpy', 'pyarrow'}} # what an import must not load


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
    for command in ('nbdev_clean', 'nbdev_export'):
        subprocess.run([Path(sys.executable).parent/command], cwd=root, check=True, capture_output=True)
    return root


def test_export_changes_nothing(copied):
    committed = {path.name: path.read_bytes() for path in MODULES}
    differ = [path.name for path in sorted((copied/'llmr').glob('*.py')) if path.read_bytes()!=committed.get(path.name)]
    assert not differ, f'run nbdev_export: {differ}'


def test_clean_changes_nothing(copied):
    differ = [path.name for path in NBS.glob('*.ipynb') if path.read_bytes()!=(copied/'nbs'/path.name).read_bytes()]
    assert not differ, f'run nbdev_clean: {differ}'


def test_every_module_has_its_notebook():
    opening = [source(cells(path)[0]).split() for path in NBS.glob('*.ipynb')]
    exported = {f'{words[2]}.py' for words in opening if words[:2]==['#|', 'default_exp']}
    assert len(exported)>len(NUMBERED)
    assert {path.name for path in MODULES}==exported | HAND_WRITTEN | {'_modidx.py'}


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_committed(path):
    assert not [cell['id'] for cell in cells(path) if cell.get('outputs') or cell.get('execution_count')]


def code(cell):
    "Source of a code cell without its nbdev and IPython lines; None for any other cell."
    if cell['cell_type']!='code': return None
    return '\n'.join(line for line in source(cell).splitlines() if not line.startswith(('#|', '%', '!')))


def definitions(text):
    "Names of functions and classes that a cell defines, and `lambda` for each lambda of more than one line."
    is_long = lambda node: isinstance(node, ast.Lambda) and node.end_lineno>node.lineno
    nodes = list(ast.walk(ast.parse(text)))
    named = [node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return named+['lambda' for node in nodes if is_long(node)]


def names(text):
    "Names that a cell reads, writes or takes as parameters."
    nodes = list(ast.walk(ast.parse(text)))
    read = {node.id for node in nodes if isinstance(node, ast.Name)}
    return read | {node.arg for node in nodes if isinstance(node, ast.arg)}


def test_the_seam_rules_see_what_they_forbid():
    assert definitions('def f(): pass\nclass C: pass\ng = lambda x: (x,\n  1)\nh = lambda x: 1')==['f', 'C', 'lambda']
    assert names('def f(run, a=profile): return run.read(a)')=={'run', 'a', 'profile'}


@pytest.mark.parametrize('path', NUMBERED, ids=lambda path: path.stem)
def test_the_seam(path):
    """One parameters cell at most, and exactly one in a stage; nothing exported or defined below it; no input or output
    above it but in the notebooks whose subject that is."""
    notebook = cells(path)
    seams = [i for i,cell in enumerate(notebook) if tagged(cell)]
    assert len(seams)<=1 and (seams or path.stem not in STAGES+BEYOND)
    seam = seams[0] if seams else len(notebook)
    below = [cell for cell in notebook[seam:] if code(cell) is not None]
    assert not [cell['id'] for cell in below if exports(cell)], 'exported below the parameters cell'
    assert not [(cell['id'], defined) for cell in below if (defined := definitions(code(cell)))], 'move it up'
    if path.stem in RUN_NOTEBOOKS: return
    run_names = {cell['id']: RUN_NAMES & names(code(cell)) for cell in notebook[:seam] if exports(cell)}
    assert not {cell: found for cell,found in run_names.items() if found}, 'input or output in the library half'


def test_notebooks_with_a_run_half_have_a_parameters_cell():
    "A heading alone makes no seam that papermill would find."
    heading = [path for path in NUMBERED if any(source(cell).startswith('## Run this stage') for cell in cells(path))]
    assert len(heading)>=len(STAGES+BEYOND)
    assert not [path.name for path in heading if not any(map(tagged, cells(path)))]


@pytest.mark.parametrize('path', [path for path in MODULES if path.name!='_modidx.py'], ids=lambda path: path.stem)
def test_no_module_is_long(path): assert len(path.read_text(encoding='utf-8').splitlines())<=500


def test_ruff_finds_nothing():
    "Undefined names and lines over 120 columns, in the library, notebooks, tests, tools and benchmarks: see ruff.toml."
    ruff = [sys.executable, '-m', 'ruff', 'check', '--no-cache']
    done = subprocess.run([*ruff, '--output-format', 'concise'], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stdout


@pytest.mark.parametrize('name', ('nbs/01_problem.ipynb', 'llmr/cli.py', 'tests/test_sync.py', 'tools/make_check.py'))
def test_ruff_sees_a_long_line(name, tmp_path):
    "In a copy of the notebook or file, checked with the project's configuration."
    text, path = (ROOT/name).read_text(encoding='utf-8'), tmp_path/Path(name).name
    long = f'x = "{"a"*120}"'
    if path.suffix=='.ipynb':
        notebook = json.loads(text)
        notebook['cells'][-1] |= dict(cell_type='code', source=[long], outputs=[], execution_count=None)
        text = json.dumps(notebook)
    else: text += f'\n{long}\n'
    path.write_text(text, encoding='utf-8')
    ruff = [sys.executable, '-m', 'ruff', 'check', '--no-cache', '--config', ROOT/'ruff.toml']
    done = subprocess.run([*ruff, '--select', 'E501', path], capture_output=True, text=True)
    assert done.returncode==1 and 'E501' in done.stdout


@pytest.mark.parametrize('module', LOADS)
def test_what_an_import_loads(module):
    code = f'import json, sys, {module}; print(json.dumps(list(sys.modules)))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    loaded = {name.partition('.')[0] for name in json.loads(done.stdout)}
    assert module.partition('.')[0] in loaded and not loaded & LOADS[module]


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
    files = [path for path in (ROOT/'llmr'/'data').rglob('*') if path.is_file() and 'models' not in path.parts]
    assert sum(path.stat().st_size for path in files)<3e6
