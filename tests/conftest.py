"What tests share: where the recorded data lie, the shipped numbers, and one finished toy run."
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from llmr.core import DATA_ENV, get_pairs, get_profile, package_file

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT/'nbs'
os.environ.setdefault('HF_HUB_OFFLINE', '1')
TOY = ('--profile', 'toy', '--param', 'tasks_per_split=20') # as `make fixture` runs it


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


@pytest.fixture(scope='session', autouse=True)
def _started_toy_run(tmp_path_factory, request):
    "A toy run that goes on beside the first tests, if any test of this session wants one."
    if not any('toy_run' in item.fixturenames or 'toy_copy' in item.fixturenames for item in request.session.items): return None
    folder = tmp_path_factory.mktemp('toy')/'run'
    return folder, llmr('reproduce', *TOY, '--out', folder)


@pytest.fixture(scope='session')
def toy_run(_started_toy_run):
    "`(folder, stdout, stderr)` of a finished toy run. Not to be written to."
    folder, process = _started_toy_run
    out, err = process.communicate(timeout=400)
    assert process.returncode==0, err
    return folder, out, err


@pytest.fixture
def toy_copy(toy_run, tmp_path):
    "A copy of the finished toy run, to do harm to."
    return Path(shutil.copytree(toy_run[0], tmp_path/'run'))


@pytest.fixture(scope='session', autouse=True)
def _started_shipped_run(tmp_path_factory, request):
    "A run of the shipped numbers that goes on beside the first tests, if any test of this session wants one; it takes over what runs/shipped has."
    if not any({'shipped_run', 'site'} & set(item.fixturenames) for item in request.session.items): return None
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE_RUN']).resolve(), None
    folder = tmp_path_factory.mktemp('shipped')/'run'
    if (ROOT/'runs'/'shipped'/'run.json').exists(): shutil.copytree(ROOT/'runs'/'shipped', folder)
    return folder, llmr('reproduce', '--profile', 'shipped', '--out', folder)


@pytest.fixture(scope='session')
def shipped_run(_started_shipped_run):
    "Folder of a finished run of the shipped numbers."
    folder, process = _started_shipped_run
    if process:
        _, err = process.communicate(timeout=900)
        assert process.returncode==0, err
    return folder


@pytest.fixture(scope='session')
def site(shipped_run, tmp_path_factory):
    "`(folder of the site, its run, 'paper' or 'all')`: the one that `LLMR_SITE` names, else one built here without executing the stages beyond the paper."
    if 'LLMR_SITE' in os.environ: return Path(os.environ['LLMR_SITE']).resolve(), shipped_run, 'all'
    folder = tmp_path_factory.mktemp('site')
    done = subprocess.run([sys.executable, ROOT/'tools'/'site'/'build.py', '--run', shipped_run, '--out', folder/'site', '--work', folder/'work', '--paper-only'], capture_output=True, text=True)
    assert done.returncode==0, done.stderr
    return folder/'site', shipped_run, 'paper'
