"""Work for tests of clusters: a sampler that needs no weights and says what it draws, and a job that samples and
executes. Run as a script, it is the driver that tests kill: `python cluster_work.py ADDRESS FOLDER`."""
import os
import sys
import time
from pathlib import Path

from llmr.benchmarks import load_tasks, thin_tasks
from llmr.cluster import Cluster, disconnect
from llmr.engines import Completion, Sampler
from llmr.execution import execute
from llmr.replicas import Replicas
from llmr.sampling import columns_of, sample_completions

SAMPLES = dict(train=4, validation=2, test=2)


class Noted(Sampler):
    "Writes programs made from the request's seed, slowly, and one line a request into the folder `log`."
    engine, defaults, revision = 'noted', dict(chunk=8, log=None, seconds=.02), 'none'

    def complete(self, requests, skip=()):
        "Answer each request."
        for i,request in enumerate(requests):
            if i in skip: continue
            time.sleep(self.options['seconds'])
            if self.options['log']:
                with open(Path(self.options['log'])/f'{os.getpid()}.txt', 'a') as log: log.write(f'{request.seed}\n')
            yield i, Completion(f'\ndef {"f" if request.seed%5 else "g"}(x):\n    return x+{request.seed%7}', 9, 'stop',
                                5, float('nan'), 'plain')


def job(cluster, folder, sampler=None, tasks=None):
    "Completions and outcomes of a small job whose stores are in a folder; on this machine if `cluster` is None."
    folder = Path(folder)
    (folder/'log').mkdir(parents=True, exist_ok=True)
    tasks = thin_tasks(load_tasks('toy'), 25) if tasks is None else tasks
    sampler = sampler or Noted('noted', options=dict(log=str(folder/'log')))
    if cluster: sampler = Replicas(sampler, cluster)
    drawn = columns_of('completions', sample_completions(tasks, sampler, SAMPLES, folder=folder/'samples'))
    quiet = dict(on_progress=lambda done, total: None, workers=cluster or 1)
    return drawn, execute(drawn, tasks, cache=folder/'programs.sqlite', **quiet)


def worked_on(folder):
    "Seeds of all requests that were drawn, as often as they were."
    return [line for path in Path(folder, 'log').glob('*.txt') for line in path.read_text().split()]


if __name__=='__main__':
    drawn, outcomes = job(Cluster(sys.argv[1], replicas=3, gpus=0, processes=1), sys.argv[2])
    drawn.to_pickle(Path(sys.argv[2])/'completions.pickle')
    outcomes.to_pickle(Path(sys.argv[2])/'outcomes.pickle')
    disconnect()
