"""Memory and time of what comes after sampling, for many rows of outcomes: labels, verdict, report; and the stores.

    python benchmarks/scale.py                   100,000 to 10,000,000 rows; writes nbs/assets/scale.csv
    python benchmarks/scale.py 100000 --out ''

Each step runs in a process of its own, on synthetic outcomes of two models with ten samples a task, so its peak memory
is what that step needs, imports included.
"""
import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

OUT = Path(__file__).resolve().parent.parent/'nbs'/'assets'/'scale.csv'
SAMPLES = 10


def outcomes(tasks, seed):
    "Outcomes of two models on some tasks, three tests each; skills differ by task."
    rng, n = np.random.default_rng(seed), len(tasks)*SAMPLES
    words, errors = (np.array([list(row) for row in product(ends, repeat=3)]+[None], object)[:-1]
                     for ends in (('failed', 'passed'), ('AssertionError', '')))
    parts = []
    for model,lift in (('small', 0.), ('large', .1)):
        skill = np.repeat(np.clip(rng.random(len(tasks))+lift, 0, 1), SAMPLES)
        passed = rng.random((n, 3))<skill[:, None]
        kind = passed@[4, 2, 1]
        parts.append(pd.DataFrame(dict(
            task_id=np.repeat(tasks, SAMPLES), split=np.repeat(np.where(tasks%10<8, 'train', 'test'), SAMPLES),
            model=model, sample=np.tile(np.arange(SAMPLES), len(tasks)), n_tests=3, n_passed=passed.sum(1),
            tests=words[kind], errors=errors[kind], status='ran', n_tokens=rng.integers(20, 300, n))))
    return pd.concat(parts, ignore_index=True)


def step_write(folder, rows):
    "Make the outcomes, check them, write them: a few ten thousand tasks at a time."
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    from llmr.core import check_table
    tasks, writer = np.arange(rows//(2*SAMPLES)), None
    for seed,part in enumerate(np.array_split(tasks, 1+len(tasks)//20_000)):
        table = pa.Table.from_pandas(check_table('outcomes', outcomes(part, seed)), preserve_index=False)
        writer = writer or ParquetWriter(folder/'outcomes.parquet', table.schema)
        writer.write_table(table)
    writer.close()


def step_labels(folder, rows):
    "Gaps and all labels of the standard quality, from the columns that it needs."
    from llmr.labels import all_labels, pair_gaps
    from llmr.runs import Pair
    columns = ['task_id', 'split', 'model', 'sample', 'n_tests', 'n_passed']
    recorded = pd.read_parquet(folder/'outcomes.parquet', columns=columns)
    return len(all_labels(pair_gaps(recorded, Pair('small', 'large'), 'standard')))


def step_verdict(folder, rows):
    "The verdict, as `llmr verdict FILE` gives it."
    from llmr.own_data import verdicts_on_inputs
    return verdicts_on_inputs([str(folder/'outcomes.parquet')], 'small', 'large', margin=.02, split='test')[2]


def step_report(folder, rows):
    "The page, as `llmr report FILE` writes it."
    from llmr.own_report import write_own_report
    return write_own_report([str(folder/'outcomes.parquet')], folder/'report.html', ('small', 'large'), '', None, '')


def step_cache(folder, rows):
    "A store with as many results of programs, read back by key as a resumed run does."
    from llmr.core import Store
    keys, value = [f'{number:064x}' for number in range(rows)], json.dumps(['ran', '', ['passed']*3, ['']*3, .01, .01])
    with Store(folder/'programs.sqlite') as store:
        for start in range(0, rows, 256): store.put(dict.fromkeys(keys[start:start+256], value))
        return len(store.get(keys))


MOST = dict(cache=1_000_000) # Programs in a store; more were not measured
STEPS = dict(write=step_write, labels=step_labels, verdict=step_verdict, report=step_report, cache=step_cache)


def one(name, folder, rows):
    "Run a step in this process; print what it took as JSON."
    start, cpu = time.monotonic(), time.process_time()
    STEPS[name](Path(folder), rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/2**20
    print(json.dumps(dict(step=name, rows=rows, seconds=time.monotonic()-start, cpu_s=time.process_time()-cpu,
                          peak_gb=peak)))


def main():
    "Every step at every size."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('rows', type=int, nargs='*', default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument('--steps', nargs='+', default=list(STEPS), help='of '+', '.join(STEPS))
    parser.add_argument('--out', default=str(OUT), help="file to write; '' for none")
    parser.add_argument('--one', nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one: return one(args.one[0], args.one[1], int(args.one[2]))
    table = []
    for rows in args.rows:
        with tempfile.TemporaryDirectory() as folder:
            for name in (name for name in args.steps if rows<=MOST.get(name, rows)):
                done = subprocess.run([sys.executable, __file__, '--one', name, folder, str(rows)], text=True,
                                      capture_output=True)
                if done.returncode: print(f'{name}, {rows} rows: failed\n{done.stderr[-1500:]}', flush=True)
                else:
                    table.append(json.loads(done.stdout.splitlines()[-1]))
                    print(pd.DataFrame(table[-1:]).round(2).to_string(index=False, header=len(table)==1), flush=True)
                    if args.out: pd.DataFrame(table).round(3).to_csv(args.out, index=False)


if __name__=='__main__': main()
