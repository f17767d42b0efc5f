"""Ray itself, with several nodes simulated on this machine: `make test-ray`. The logic of replicas without Ray is in
tests/test_cluster.py."""
import importlib.util
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

if importlib.util.find_spec('ray') is None:
    pytest.skip('ray is not installed here: `make test-ray` has an environment for it', allow_module_level=True)

from ray.cluster_utils import Cluster as Simulated

from cluster_work import Noted, job, worked_on
from llmr.benchmarks import load_tasks, thin_tasks
from llmr.cluster import Cluster, code_version, connect, disconnect, map_batches
from llmr.core import InputError, package_file
from llmr.engine_transformers import Transformers
from llmr.engines import Settings
from llmr.execution import running_level

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
os.environ |= dict(
    PYTHONPATH=f'{ROOT}:{HERE}', RAY_USAGE_STATS_ENABLED='0', RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO='0',
    OMP_NUM_THREADS='1', RAY_raylet_start_wait_time_s='120', RAY_agent_register_timeout_ms='120000')

NODE = dict(object_store_memory=100*2**20)


class Nodes:
    "A simulated cluster: a head without cores, and nodes with one core each."
    def __init__(self, count):
        self.cluster = Simulated(initialize_head=True, head_node_args=dict(num_cpus=0, include_dashboard=False, **NODE))
        self.nodes = [self.add() for _ in range(count)]

    def add(self, **options): return self.cluster.add_node(num_cpus=1, **NODE | options)

    def remove(self, node): self.cluster.remove_node(node, allow_graceful=False)

    def use(self, **options): return Cluster(self.cluster.address, **dict(gpus=0, processes=1) | options)

    def close(self):
        disconnect()
        self.cluster.shutdown()


@pytest.fixture
def nodes(request):
    cluster = Nodes(getattr(request, 'param', 2))
    yield cluster
    cluster.close()


@pytest.fixture(scope='module')
def alone(tmp_path_factory): return job(None, tmp_path_factory.mktemp('alone'))


@pytest.fixture(scope='module')
def toy_alone(tmp_path_factory):
    return job(None, tmp_path_factory.mktemp('toy'), toy_sampler(), thin_tasks(load_tasks('toy'), 8))


def toy_sampler():
    return Transformers(str(package_file('toy/models/small')), Settings(max_tokens=60), dict(batch_size=16))


def same(tables, others):
    "Both tables are equal, bit for bit."
    for table,other in zip(tables, others): pd.testing.assert_frame_equal(table, other, check_exact=True)


@pytest.mark.parametrize('nodes', [1, 2, 4], indirect=True)
def test_same_tables_on_any_number_of_nodes(nodes, alone, toy_alone, tmp_path):
    same(job(nodes.use(), tmp_path/'noted'), alone)
    same(job(nodes.use(), tmp_path/'toy', toy_sampler(), thin_tasks(load_tasks('toy'), 8)), toy_alone)
    assert len(set(worked_on(tmp_path/'noted')))==len(worked_on(tmp_path/'noted'))==len(alone[0])


def test_another_llmr_on_a_node_is_refused_with_both_versions(nodes, tmp_path):
    shutil.copytree(ROOT/'llmr', tmp_path/'llmr', ignore=shutil.ignore_patterns('data', '__pycache__'))
    (tmp_path/'llmr'/'another.py').write_text('x = 1\n')
    connect(nodes.use())
    nodes.add(env_vars=dict(PYTHONPATH=str(tmp_path)))
    with pytest.raises(InputError, match='has llmr .* and this machine has') as e: connect(nodes.use())
    assert code_version() in str(e.value) and str(e.value).count('(code ')==2


def test_too_few_gpus(nodes):
    with pytest.raises(InputError, match='a replica needs 2 GPUs, and no node has more than 0'):
        list(map_batches(nodes.use(), Noted, [[1]], gpus=2))


def test_isolation_is_that_of_all_nodes(nodes): assert running_level('auto', nodes.use()) in ('namespaces', 'landlock')


def test_a_folder_that_a_node_lacks_is_named(nodes, tmp_path):
    class Elsewhere(Noted):
        revision = property(lambda self: str(os.getpid()))
    with pytest.raises(InputError, match='has revision .* and the driver'):
        job(nodes.use(), tmp_path, Elsewhere('noted'))


class Fragile:
    "A worker that notes each batch, and dies of some on the first time that it sees them."
    def __init__(self, folder): self.folder = Path(folder)

    def __call__(self, batch):
        mark = self.folder/f'{batch}'
        time.sleep(.1)
        if batch%7==3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        with open(self.folder/'done', 'a') as done: done.write(f'{batch}\n')
        return batch**2


def test_a_replica_that_dies_costs_its_batch_alone(nodes, tmp_path):
    results = dict(map_batches(nodes.use(replicas=2), partial(Fragile, str(tmp_path)), range(20), gpus=0))
    assert results=={i: i**2 for i in range(20)}
    assert sorted(map(int, (tmp_path/'done').read_text().split()))==list(range(20))


def driver(nodes, folder):
    return subprocess.Popen([sys.executable, str(HERE/'cluster_work.py'), nodes.cluster.address, str(folder)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def begun(folder, count, process):
    "Wait until so many requests have been drawn."
    while len(worked_on(folder))<count and process.poll() is None: time.sleep(.05)


def results(folder): return [pd.read_pickle(folder/f'{name}.pickle') for name in ('completions', 'outcomes')]


@pytest.mark.parametrize('nodes', [3], indirect=True)
@pytest.mark.parametrize('what', ['replica', 'node', 'driver'])
def test_killed_at_random_moments(what, nodes, alone, tmp_path):
    "Ten moments in all: nothing is lost, and only what was in flight is drawn again."
    rng, total = random.Random(what), len(alone[0])
    for moment in range(4 if what=='driver' else 3):
        folder = tmp_path/str(moment)
        (folder/'log').mkdir(parents=True)
        process = driver(nodes, folder)
        begun(folder, rng.randrange(1, total), process)
        if what=='driver': process.kill()
        elif what=='node':
            nodes.remove(nodes.nodes.pop(rng.randrange(len(nodes.nodes))))
            nodes.nodes.append(nodes.add())
        else: os.kill(int(rng.choice(list((folder/'log').glob('*.txt'))).stem), signal.SIGKILL)
        process.wait(timeout=300)
        if what=='driver': assert driver(nodes, folder).wait(timeout=300)==0
        assert what=='driver' or process.returncode==0, process.stderr.read().decode()[-2000:]
        same(results(folder), alone)
        drawn = worked_on(folder)
        again = len(drawn)-len(set(drawn))
        assert len(set(drawn))==total and again<=8*(3 if what=='driver' else 2), again
        print(f'{what} killed, moment {moment}: {again} of {total} requests drawn twice', file=sys.__stderr__)
