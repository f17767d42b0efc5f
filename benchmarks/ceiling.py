"""What reaches half of the ceiling, on the shipped recordings: every number in one command, in two processes.

One line runs the stages up to the choice of a router in a new folder, then `peers.py` (other kinds of routers, the
guarded router). The other starts from a copy when its inputs are there: regrading, cascades, policies, then
`forecast.py`. Prints their tables and what they print, and at the end how long all of it took. `prior.py` (transfer) is
not among them, as it needs recordings that are not shipped.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pandas as pd

from llmr.core import DATA_ENV
from llmr.pipeline import Kernel, run_stage
from llmr.runs import open_run

INPUTS = '01_problem', '02_sampling', '03_execution', '04_labels', '05_router'
TABLES = dict(routers="data=='test'", like_this='', forecast='', budget="split=='test'", equal_cost='', families='')


def run_stages(folder, stages):
    "Execute stages in a folder, in one kernel."
    run = open_run('shipped', folder)
    given = dict(profile='shipped', pairs=[pair.name for pair in run.pairs], seed=run.seed)
    with Kernel(run.dir) as kernel:
        for stage in stages: print(f'{stage:<16} {run_stage(run, stage, given, kernel)["seconds"]} s', file=sys.stderr)


def printed(name, *options):
    "What a benchmark beside this one prints on the shipped recordings."
    alone = {key: value for key,value in os.environ.items() if key!=DATA_ENV}
    line = [sys.executable, str(Path(__file__).with_name(name)), *options]
    return subprocess.run(line, env=alone, check=True, capture_output=True, text=True).stdout


def prompt_line(folder, ready):
    "Routers that see the prompt."
    try: run_stages(folder, INPUTS)
    finally: ready.set()
    run_stages(folder, ['09_selection'])
    return printed('peers.py')


def answer_line(before, folder, ready):
    "Policies that look at the small model's answer."
    ready.wait()
    shutil.copytree(before, folder)
    run_stages(folder, ['14_grading', '15_cascade', '16_pareto'])
    return printed('forecast.py', '--draws', '5')


def main():
    "Print all of it."
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '1') # two processes on two cores
    started, ready, folder = time.monotonic(), Event(), Path(tempfile.mkdtemp(prefix='llmr-ceiling-'))
    places = folder/'prompt', folder/'answer'
    try:
        with ThreadPoolExecutor(2) as pool:
            lines = pool.submit(prompt_line, places[0], ready), pool.submit(answer_line, *places, ready)
            texts = [line.result() for line in lines]
        for name,kept in TABLES.items():
            file = next(place/'tables'/f'{name}.csv' for place in places if (place/'tables'/f'{name}.csv').exists())
            table = pd.read_csv(file)
            print(f'{name}.csv', (table.query(kept) if kept else table).round(2).to_string(index=False), '', sep='\n')
        print(*texts, sep='\n')
    finally: shutil.rmtree(folder, ignore_errors=True)
    print(f'{time.monotonic()-started:.0f} seconds in all, {os.cpu_count()} cores')


if __name__ == '__main__': main()
