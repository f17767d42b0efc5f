"What tests share: where the recorded data lie, the shipped numbers, a finished toy run, a run of the shipped numbers, and its site."
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from llmr.core import DATA_ENV, package_file
from llmr.runs import get_pairs, get_profile

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT/'nbs'
os.environ.setdefault('HF_HUB_OFFLINE', '1')
TOY = ('--profile', 'toy', '--param', 'tasks_per_split=20') # as `make fixture` runs it
CONDITIONS = ('namespaces', 'landlock', 'chromium', 'data') # what `LLMR_REQUIRE` may list, comma separated
REQUIRED = set(filter(None, os.environ.get('LLMR_REQUIRE', '').split(',')))


def pytest_addoption(parser): parser.addoption('--all', action='store_true', help='run the tests marked `full`, too')


def pytest_configure(config):
    config.addinivalue_line('markers', 'full: takes minutes, runs with --all only')
    if unknown := REQUIRED-set(CONDITIONS):
        raise pytest.UsageError(f'LLMR_REQUIRE: unknown {", ".join(sorted(unknown))}; choose from {", ".join(CONDITIONS)}')


def pytest_collection_modifyitems(config, items):
    "Leave out the tests marked `full`, unless `--all` is given."
    if config.getoption('--all'): return
    full = [item for item in items if item.get_closest_marker('full')]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if not item.get_closest_marker('full')]


def require(condition, present, reason):
    "Skip the test if a condition is missing, or fail it if `LLMR_REQUIRE` lists that condition."
    assert condition in CONDITIONS, condition
    if present: return
    if condition in REQUIRED: pytest.fail(f'LLMR_REQUIRE lists {condition}: {reason}', pytrace=False)
    pytest.skip(reason)


def llmr(*arguments, **options):
    "Start the command in a process of its own."
    return subprocess.Popen([sys.executable, '-m', 'llmr.cli', *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def table_bytes(folder):
    "`{file name: bytes}` of every table of a run but the timings, which no run repeats."
    paths = [*Path(folder).glob('*.parquet'), *Path(folder).glob('tables/*.csv')]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if 'timing' not in path.name}


@pytest.fixture(scope='session')
def data_folder():
    "Folder of the recorded data: `LLMR_DATA`, else ../shared/data beside the checkout."
    for folder in (os.environ.get(DATA_ENV), ROOT.parent/'shared'/'data'):
        if folder and (Path(folder)/'tjbai-llmr').is_dir(): return Path(folder)
    pytest.skip(f'no recorded data: {DATA_ENV} is not set and ../shared/data is not there')


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
    held = {}
    def read(name):
        if name not in held: held[name] = pd.read_parquet(package_file(f'shipped/{name}.parquet'))
        return held[name]
    return read


@pytest.fixture(scope='session')
def once(tmp_path_factory):
    "`once(name, make)`: a folder in which `make(folder)` has worked, in whichever process of pytest came first; the others wait for it."
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
def toy_run(once):
    "`(folder, stdout, stderr)` of a finished toy run. Not to be written to."
    def make(folder):
        out, err = (process := llmr('reproduce', *TOY, '--out', folder/'run')).communicate(timeout=600)
        assert process.returncode==0, err
        (folder/'out').write_text(out)
        (folder/'err').write_text(err)
    folder = once('toy', make)
    return folder/'run', (folder/'out').read_text(), (folder/'err').read_text()


@pytest.fixture
def toy_copy(toy_run, tmp_path):
    "A copy of the finished toy run, to do harm to."
    return Path(shutil.copytree(toy_run[0], tmp_path/'run'))


@pytest.fixture(scope='session')
def shipped_run(once):
    "Folder of a finished run of the shipped numbers; it takes over what runs/shipped has."
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE_RUN']).resolve()
    def make(folder):
        if (ROOT/'runs'/'shipped'/'run.json').exists(): shutil.copytree(ROOT/'runs'/'shipped', folder, dirs_exist_ok=True)
        _, err = (process := llmr('reproduce', '--profile', 'shipped', '--out', folder)).communicate(timeout=1200)
        assert process.returncode==0, err
    return once('shipped', make)


@pytest.fixture(scope='session')
def site(once, shipped_run):
    "`(folder of the site, its run, 'paper' or 'all')`: the one that `LLMR_SITE` names, else one built here without executing the stages beyond the paper."
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE']).resolve(), shipped_run, 'all'
    def make(folder):
        done = subprocess.run([sys.executable, ROOT/'tools'/'site'/'build.py', '--run', shipped_run, '--out', folder/'site', '--work', folder/'work', '--paper-only'], capture_output=True, text=True)
        assert done.returncode==0, done.stderr
    return once('site', make)/'site', shipped_run, 'paper'
