"""What Ray and llmr's loop add to work of known length, from 1 to 64 replicas.

    python benchmarks/cluster.py                         writes nbs/assets/cluster.csv, which the page At scale draws
    python benchmarks/cluster.py --counts 1 4 --out ''   a short try that only prints

A replica sleeps in place of computing, so a machine with few cores can hold many; all of them are started before the
clock. Efficiency is the time that the sleeps alone would take, divided by what passed. What bounds it on one machine
are the cores that the driver and the replicas share for sending batches and results. Needs `pip install "llmr[ray]"`.
"""
import argparse
import os
import time
from pathlib import Path

import pandas as pd

from llmr import cluster
from llmr.cluster import RayNodes, work_on

OUT = Path(__file__).resolve().parent.parent/'nbs'/'assets'/'cluster.csv'


class Sleep:
    "Sleeps as long as a batch says."
    def __call__(self, batch):
        time.sleep(batch['seconds'])
        return batch['payload']


class Kept(RayNodes):
    "Replicas that stay between measurements; `count` of them take part."
    count = 0

    def places(self): return dict(list(super().places().items())[:self.count])

    def start(self, name, options):
        if name in self.actors: return self.actors[name].start.remote(self.make)
        return super().start(name, options)

    def end(self, name): raise SystemExit(f'replica {name} died: close other programs and try again.')

    def close(self): pass


def measure(nodes, count, seconds, rounds, payload):
    "One row: how long `rounds` batches for each replica took."
    import ray
    nodes.count = count
    ray.get([nodes.start(name, options) for name,options in nodes.places().items()])
    batch = dict(seconds=seconds, payload='x'*payload)
    start = time.monotonic()
    results = list(work_on(nodes, (batch for _ in range(count*rounds))))
    took = time.monotonic()-start
    assert len(results)==count*rounds
    return dict(replicas=count, batches=count*rounds, seconds_each=seconds, ideal_s=seconds*rounds, took_s=took,
                efficiency=seconds*rounds/took, payload_bytes=payload)


def main():
    "Measure, print, write."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--counts', type=int, nargs='+', default=[1, 2, 4, 8, 16, 32, 64], help='replicas')
    parser.add_argument('--seconds', type=float, default=5., help='length of a batch')
    parser.add_argument('--rounds', type=int, default=3, help='batches for each replica')
    parser.add_argument('--payload', type=int, default=50_000, help='bytes of a batch and of its result')
    parser.add_argument('--out', default=str(OUT), help="file to write; '' for none")
    args = parser.parse_args()
    import ray
    ray.cloudpickle.register_pickle_by_value(cluster) # replicas need not import llmr, and stay small
    ray.init(address='local', num_cpus=max(args.counts), include_dashboard=False, object_store_memory=200*2**20,
             log_to_driver=False, logging_level='ERROR')
    nodes, rows = Kept(Sleep, max(args.counts)), []
    for count in args.counts:
        load = os.getloadavg()[0]
        rows.append(measure(nodes, count, args.seconds, args.rounds, args.payload)
                    | dict(cores=os.cpu_count(), load_before=round(load, 1), ray=ray.__version__))
        print(pd.DataFrame(rows[-1:]).round(3).to_string(index=False, header=len(rows)==1), flush=True)
        if args.out: pd.DataFrame(rows).round(4).to_csv(args.out, index=False)
    ray.shutdown()


if __name__=='__main__': main()
