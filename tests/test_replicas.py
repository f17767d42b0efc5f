"A sampler on a cluster, without Ray: batches are worked on in this process, in a random order."
import random

import pytest

from llmr import replicas as module
from llmr.benchmarks import load_tasks
from llmr.cluster import Cluster
from llmr.core import InputError, package_file
from llmr.engine_transformers import Transformers
from llmr.engines import Completion, Sampler, Settings, make_requests
from llmr.replicas import Engine, Replicas
from llmr.sampling import completion_keys, sample_completions


class Echo(Sampler):
    "Answers with the seed, and remembers what it was asked."
    engine, defaults, revision, asked = 'echo', dict(chunk=4), 'none', []

    def complete(self, requests, skip=()):
        for i,request in enumerate(requests):
            if i in skip: continue
            self.asked.append(request.seed)
            yield i, Completion(f'\nx = {request.seed}', 3, 'stop', 5, float('nan'), 'plain')


@pytest.fixture
def here(monkeypatch):
    "Work in this process; remembers how many batches there were."
    sizes = []
    def map_batches(cluster, make, batches, gpus=None):
        work, batches = make(), list(enumerate(batches))
        sizes.append(len(batches))
        random.Random(0).shuffle(batches)
        for number,batch in batches: yield number, work(batch)
    monkeypatch.setattr(module, 'map_batches', map_batches)
    return sizes


CLUSTER, SAMPLES = Cluster('auto', gpus=0), dict(train=3, validation=1, test=1)


def test_the_same_table_bit_for_bit(here):
    tasks = load_tasks('toy').head(6)
    sampler = lambda: Transformers(str(package_file('toy/models/small')), Settings(max_tokens=20), dict(batch_size=3))
    alone = sample_completions(tasks, sampler(), SAMPLES)
    assert alone.equals(sample_completions(tasks, Replicas(sampler(), CLUSTER), SAMPLES)) and here[0]>1


def test_what_is_saved_is_not_drawn_again(here, tmp_path):
    tasks = load_tasks('toy').head(6)
    Echo.asked.clear()
    sample_completions(tasks.head(2), Replicas(Echo('echo'), CLUSTER), SAMPLES, folder=tmp_path)
    first = len(Echo.asked)
    drawn = sample_completions(tasks, Replicas(Echo('echo'), CLUSTER), SAMPLES, folder=tmp_path)
    assert len(Echo.asked)==len(set(Echo.asked))==len(drawn)>first


def test_one_machine_and_a_cluster_have_the_same_keys():
    requests, sampler = make_requests(['Add.'], 2, 1), Echo('echo', Settings(temperature=0))
    assert completion_keys(sampler, requests, 1)==completion_keys(Replicas(sampler, CLUSTER), requests, 1)


def test_gpus_follow_the_engine_where_there_are_any(monkeypatch):
    one = Transformers(str(package_file('toy/models/small')))
    for have,needed in ((0., 0), (4., 1)):
        monkeypatch.setattr(module, 'connect', lambda cluster, have=have: dict(a=dict(GPU=have)))
        assert Replicas(one, Cluster('auto')).gpus()==needed
    assert Replicas(one, Cluster('auto', gpus=.5)).gpus()==.5


def test_another_model_on_a_node_is_refused():
    with pytest.raises(InputError, match='has revision none, and the driver other'): Engine(Echo, ('echo',), 'other')
