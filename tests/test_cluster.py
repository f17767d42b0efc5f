"Batches on replicas that die, without Ray: nodes are simulated in this process. Ray itself is in tests/cluster."
import random
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from llmr import cluster as module
from llmr.cluster import Cluster, Crew, Gone, Lost, as_cluster, check_versions, count_replicas, work_on
from llmr.core import InputError


class Nodes:
    "Replicas in this process. `fate(name, batch)` raises what happens to a batch; `lives` are the places there are."
    def __init__(self, lives=3, fate=lambda name, batch: None, starts=lambda name: None, seed=0):
        self.lives, self.fate, self.starts, self.rng = lives, fate, starts, random.Random(seed)
        self.out, self.ended, self.closed, self.count, self.most = {}, [], False, 0, 0

    def places(self): return dict.fromkeys(range(self.lives))

    def needs(self): return 'each needs a core'

    def start(self, name, options): return self.refer(lambda: self.starts(name), name)

    def give(self, name, batch): return self.refer(lambda: self.work(name, batch), name)

    def refer(self, call, name):
        self.count += 1
        self.out[self.count] = call, name
        self.most = max(self.most, len(self.out))
        return self.count

    def work(self, name, batch):
        self.fate(name, batch)
        return batch*10

    def wait(self, references, seconds):
        first = {} # a replica works on one thing after another
        for reference in references: first.setdefault(self.out[reference][1], reference)
        return self.rng.sample(sorted(first.values()), k=min(len(first), 1+self.rng.randrange(2)))

    def result(self, reference):
        call, _ = self.out.pop(reference)
        try: return call()
        except Lost as e: raise Gone(str(e)) from None

    def end(self, name): self.ended.append(name)

    def close(self): self.closed = True


@pytest.fixture(autouse=True)
def at_once(monkeypatch): monkeypatch.setattr(module, 'LOOK_S', 0)


@pytest.mark.parametrize('seed', range(20))
def test_nothing_is_lost_and_nothing_twice(seed):
    "Replicas die of a quarter of the batches that they get, of one batch four at most."
    rng, finished, deaths = random.Random(seed), [], Counter()
    def fate(name, batch):
        if rng.random()>.25 or deaths[batch]==module.LOSSES-1: return
        deaths[batch] += 1
        raise Gone('killed')
    nodes = Nodes(rng.randrange(1, 5), fate, seed=seed)
    for number,result in work_on(nodes, iter(range(40))): finished.append((number, result))
    assert sorted(finished)==[(i, i*10) for i in range(40)] and nodes.closed


def test_batches_are_taken_as_replicas_become_free():
    taken = []
    def batches():
        for i in range(1000):
            taken.append(i)
            yield i
    nodes = Nodes(4)
    for done,_ in enumerate(work_on(nodes, batches()), 1): assert len(taken)<=done+4*module.QUEUED
    assert nodes.most<=4*module.QUEUED


def test_nodes_may_come_and_go():
    nodes, finished = Nodes(1), []
    for number,_ in work_on(nodes, range(60)):
        finished.append(number)
        nodes.lives = 4 if len(finished)<30 else 1
    assert sorted(finished)==list(range(60)) and {1, 2, 3}<=set(nodes.ended)


def test_a_batch_that_kills_is_named_by_its_cause():
    def fate(name, batch):
        if batch==3: raise Gone('out of memory')
    with pytest.raises(InputError, match='5 replicas died on the same batch; the last one: out of memory'):
        list(work_on(Nodes(3, fate), range(9)))


def test_an_error_of_the_work_ends_it():
    nodes = Nodes(2, lambda name, batch: (_ for _ in ()).throw(InputError('no such model')))
    with pytest.raises(InputError, match='no such model'): list(work_on(nodes, range(9)))
    assert nodes.closed


def test_replicas_that_never_start():
    def starts(name): raise Gone('no space left')
    with pytest.raises(InputError, match='no replica can be started: no space left'):
        list(work_on(Nodes(2, starts=starts), range(9)))


def test_a_late_replica_that_cannot_start_is_left_out(caplog):
    def starts(name):
        if name==1: raise InputError('another Python')
    nodes = Nodes(1, starts=starts)
    results = []
    for number,_ in work_on(nodes, range(20)):
        results.append(number)
        nodes.lives = 2
    assert sorted(results)==list(range(20)) and 'left out: another Python' in caplog.text


def test_no_batches_end_at_once(): assert list(work_on(Nodes(), []))==[]


def test_lost_batches_come_first_and_in_order():
    crew = Crew(Nodes(1), range(9))
    crew.hire()
    crew.ready[0] = 0
    crew.feed()
    crew.lose(0, 'gone')
    assert list(crew.again)==[(0, 0), (1, 1)] and not crew.over


@pytest.mark.parametrize('options, words', [
    (dict(address='ray://host:10001'), "Ray's client"), (dict(address='host'), 'must be auto, local or HOST:PORT'),
    (dict(address='auto', replicas=0), 'replicas 0'), (dict(address='auto', gpus=-1.), 'gpus-per-replica -1'),
    (dict(address='auto', gpus=float('nan')), 'gpus-per-replica nan')])
def test_options_that_no_cluster_could_use(options, words):
    with pytest.raises(InputError, match=words): Cluster(**options)


def test_options_of_a_cluster_without_one():
    with pytest.raises(InputError, match='Give --cluster too'): as_cluster(None, gpus=1)
    assert as_cluster(None, processes=4) is None


def test_replicas_lie_on_one_node():
    nodes = dict(a=dict(GPU=3., CPU=8.), b=dict(GPU=4., CPU=8.), head=dict(CPU=1.))
    assert count_replicas(nodes, Cluster('auto'), 2)==3
    assert count_replicas(nodes, Cluster('auto'), .5)==14
    assert count_replicas(nodes, Cluster('auto', replicas=9), 2)==9
    with pytest.raises(InputError, match=r'needs 5 GPUs, and no node has more than 4 \(of 7 in 3 nodes\)'):
        count_replicas(nodes, Cluster('auto'), 5)


def test_both_versions_are_named():
    with pytest.raises(InputError, match=r'node b has llmr none, and this machine has 1 \(code a\)'):
        check_versions('1 (code a)', dict(a='1 (code a)', b='none'))


class Died(Exception): "In place of Ray's errors."


def test_a_node_that_dies_while_it_is_asked_drops_out(monkeypatch):
    "Ray lists a dead node for some seconds, and calls it unschedulable meanwhile."
    listed = [['a', 'b'], ['a', 'b'], ['a']]
    ray = SimpleNamespace(exceptions=SimpleNamespace(RayTaskError=KeyError, RayError=Died))
    def get(name, timeout):
        if name=='b': raise Died
        return name.upper()
    ray.get = get
    monkeypatch.setattr(module, '_nodes', lambda ray: listed.pop(0))
    monkeypatch.setattr(module.time, 'sleep', lambda seconds: None)
    assert module._answers(ray, str, ['a', 'b'], float('inf'))==dict(a='A')
    monkeypatch.setattr(module, '_nodes', lambda ray: ['a', 'b'])
    with pytest.raises(InputError, match='node b does not answer'): module._answers(ray, str, ['a', 'b'], 0)


def test_without_a_cluster_nothing_of_ray_is_imported():
    code = ('import sys, llmr.pipeline, llmr.sampling, llmr.execution, llmr.replicas, llmr.cli\n'
            'assert "ray" not in sys.modules')
    subprocess.run([sys.executable, '-c', code], check=True)


def test_ray_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(InputError, match=r'pip install "llmr\[ray\]"'): module.check_cluster(Cluster('auto'))
