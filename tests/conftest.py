"What tests share: the recorded data, the shipped numbers, finished runs of toy models and shipped numbers, a site."
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from llmr.core import DATA_ENV, package_file, write_json
from llmr.page import notebook_format
from llmr.pipeline import BEYOND
from llmr.runs import get_pairs, get_profile, read_record

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT/'nbs'
os.environ.setdefault('HF_HUB_OFFLINE', '1')
notebook_format()  # Before a test file imports nbformat, with all that it can bring along
TOY = ('--profile', 'toy', '--param', 'tasks_per_split=20') # as `make fixture` runs it
# Fewer repetitions for the stages beyond the paper; the chosen estimator stays the one that stage 09 chooses from all.
FEWER = [word for setting in ('candidates=["kernel", "ridge"]', 'simulations=40', 'draws=40')
         for word in ('--param', setting)]
CONDITIONS = ('namespaces', 'landlock', 'chromium', 'data') # what `LLMR_REQUIRE` may list, comma separated
LONGEST = ('test_end_to_end', 'test_hostile', 'test_site', 'test_extra_tests', 'test_training', 'test_sampling',
           'test_judges', 'test_browser', 'test_cli', 'test_report', 'test_toy_pair', 'test_audit', 'test_readme',
           'test_sync', 'test_verdict', 'test_answers', 'test_engine_openai', 'test_serve', 'test_attack')
REQUIRED = set(filter(None, os.environ.get('LLMR_REQUIRE', '').split(',')))


def pytest_addoption(parser): parser.addoption('--all', action='store_true', help='run the tests marked `full` too')


def pytest_configure(config):
    config.addinivalue_line('markers', 'full: takes minutes, runs with --all only')
    if not (unknown := REQUIRED-set(CONDITIONS)): return
    raise pytest.UsageError(f'LLMR_REQUIRE: unknown {", ".join(sorted(unknown))}; choose from {", ".join(CONDITIONS)}')


def pytest_collection_modifyitems(config, items):
    """Leave out the tests marked `full`, unless `--all` is given. The longest files come first, so that no process of
    pytest is left with one of them while the others have nothing to do."""
    full = [item for item in items if item.get_closest_marker('full') and not config.getoption('--all')]
    if full: config.hook.pytest_deselected(items=full)
    rank = {name: place for place,name in enumerate(LONGEST)}
    left = [item for item in items if item not in full]
    items[:] = sorted(left, key=lambda item: rank.get(item.path.stem, len(rank)))


def require(condition, present, reason):
    "Skip the test if a condition is missing, or fail it if `LLMR_REQUIRE` lists that condition."
    assert condition in CONDITIONS, condition
    if present: return
    if condition in REQUIRED: pytest.fail(f'LLMR_REQUIRE lists {condition}: {reason}', pytrace=False)
    pytest.skip(reason)


def llmr(*arguments, **options):
    "Start the command in a process of its own."
    command = [sys.executable, '-m', 'llmr.cli', *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, timeout=600):
    "`(stdout, stderr)` of a command that succeeds."
    out, err = process.communicate(timeout=timeout)
    assert process.returncode==0, err
    return out, err


def table_bytes(folder):
    "`{file name: bytes}` of every table of a run but the timings, which no run repeats."
    paths = [*Path(folder).glob('*.parquet'), *Path(folder).glob('tables/*.csv')]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if 'timing' not in path.name}


def undo(folder, stages):
    "Take stages out of a finished run, as if they had not been run: their records, and the files that only they wrote."
    record = read_record(folder)
    undone = {stage: record['stages'].pop(stage) for stage in stages}
    still = {name for stage in record['stages'].values() for name in stage['writes']}
    for stage,facts in undone.items():
        for name in {*facts['writes'], f'nbs/{stage}.ipynb'}-still: (folder/name).unlink(missing_ok=True)
    write_json(folder/'run.json', record)


@pytest.fixture(scope='session')
def data_folder():
    "Folder of the recorded data: `LLMR_DATA`, else ../shared/data beside the checkout."
    folders = [Path(folder) for folder in (os.environ.get(DATA_ENV), ROOT.parent/'shared'/'data') if folder]
    present = [folder for folder in folders if (folder/'tjbai-llmr').is_dir()]
    require('data', present, f'no recorded data: neither {DATA_ENV} nor ../shared/data is a folder with them')
    return present[0]


@pytest.fixture(scope='session')
def cases(data_folder):
    "Folder of small inputs that once failed, beside the recorded data."
    folder = data_folder.parent/'cases'
    require('data', folder.is_dir(), f'no folder {folder}')
    return folder


@pytest.fixture
def recorded_data(data_folder, monkeypatch):
    "The same, with `LLMR_DATA` set to it."
    monkeypatch.setenv(DATA_ENV, str(data_folder))
    return data_folder


@pytest.fixture(scope='session')
def pairs(): return get_pairs(get_profile('shipped'))


@pytest.fixture(scope='session')
def shipped():
    "A reader of shipped tables by name; a table is read once."
    return cache(lambda name: pd.read_parquet(package_file(f'shipped/{name}.parquet')))


@pytest.fixture(scope='session')
def once(tmp_path_factory):
    """`once(name, make)`: a folder in which `make(folder)` has worked, in whichever process of pytest came first; the
    others wait for it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base
    def made(name, make):
        folder, done = base/name, base/f'{name}.done'
        with FileLock(base/f'{name}.lock'):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder
    return made


@pytest.fixture(scope='session')
def toy_beyond(once):
    "`(folder, stdout, stderr)` of a finished toy run, the stages beyond the paper included. Not to be written to."
    def make(folder):
        done = finish(llmr('reproduce', *TOY, *FEWER, '--beyond', '--out', folder/'run'))
        for name,text in zip(('out', 'err'), done):
            (folder/name).write_text(text)
    folder = once('toy-beyond', make)
    return folder/'run', (folder/'out').read_text(), (folder/'err').read_text()


@pytest.fixture(scope='session')
def toy_run(once, toy_beyond):
    "The same before the stages beyond the paper were run. Neither to be written to nor to be locked: use `toy_copy`."
    def make(folder):
        shutil.copytree(toy_beyond[0], folder, dirs_exist_ok=True)
        undo(folder, BEYOND)
    return once('toy', make), *toy_beyond[1:]


@pytest.fixture
def toy_copy(toy_run, tmp_path):
    "A copy of the finished toy run, for tests that change it, or run a command on it."
    return Path(shutil.copytree(toy_run[0], tmp_path/'run'))


@pytest.fixture(scope='session')
def shipped_run(once):
    "Folder of a finished run of the shipped numbers; it takes over what runs/shipped has."
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE_RUN']).resolve()
    def make(folder):
        if (ROOT/'runs'/'shipped'/'run.json').exists():
            shutil.copytree(ROOT/'runs'/'shipped', folder, dirs_exist_ok=True)
        finish(llmr('reproduce', '--profile', 'shipped', '--out', folder), 1200)
    return once('shipped', make)


@pytest.fixture(scope='session')
def site(once, shipped_run):
    """`(folder of the site, its run, 'quick' or 'all')`: the one that `LLMR_SITE` names, else one built here without
    lessons, which `tools/lessons.py` executes, and without the stages beyond the paper."""
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE']).resolve(), shipped_run, 'all'
    def make(folder):
        places = ['--run', shipped_run, '--out', folder/'site', '--work', folder/'work']
        command = [sys.executable, ROOT/'tools'/'site'/'build.py', *places, '--quick']
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode==0, done.stderr
    return once('site', make)/'site', shipped_run, 'quick'
