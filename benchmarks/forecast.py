"""How often a forecast of what more tasks would buy holds: made from half of n tasks for all n, then measured.

On the shipped recordings (three pairs of models), and on those of stage 10 where LLMR_DATA has them. `--estimator`
names what learns; a line of the table is a pair and a number of tasks, over `--draws` draws of tasks.
"""
import argparse
import time

import numpy as np
import pandas as pd

from llmr.core import InputError, package_file
from llmr.features import prompt_views, view_arrays
from llmr.harness import EXTRACTS, PAIRS, load_extract
from llmr.problem import task_prompts
from llmr.runs import PROFILES, Pair
from llmr.selection import forecast_check, make_study


def shipped_studies():
    "One study of each pair of the shipped recordings, all splits together."
    tasks, outcomes, features, views = (pd.read_parquet(package_file(f'shipped/{name}.parquet'))
                                        for name in ('tasks', 'outcomes', 'features', 'views'))
    ids = tasks.task_id.to_numpy()
    models = PROFILES['shipped'].models
    pairs = [Pair(small, large) for i,small in enumerate(models) for large in models[i+1:]]
    return [make_study(outcomes, pair, view_arrays(features, views, ids), ids, 'mbpp') for pair in pairs]


def extract_studies(encoder):
    "Studies of the recordings below LLMR_DATA, none where there are none."
    for name in EXTRACTS:
        try: tasks, outcomes, _ = load_extract(name)
        except InputError: continue
        views = prompt_views(task_prompts(tasks), encoder)
        for models in PAIRS[name]:
            yield make_study(outcomes, Pair(*models), views, tasks.task_id.to_numpy(), name)


def main():
    "Print the table, and what share of all forecasts holds."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--draws', type=int, default=10, help='of tasks, for each pair and number (default: 10)')
    options.add_argument('--tasks', type=int, nargs='+', default=[100, 200, 400, 800], help='numbers n of tasks')
    options.add_argument('--estimator', default='kernel')
    options.add_argument('--encoder', default='hashing', help='for recordings that are not shipped (default: hashing)')
    given, started = options.parse_args(), time.process_time()
    rows = []
    for study in [*shipped_studies(), *extract_studies(given.encoder)]:
        for n in (n for n in given.tasks if n<=len(study.task_ids)):
            rows += [dict(data=study.data, **forecast_check(study, given.estimator, n, 1000*n+draw))
                     for draw in range(given.draws)]
    table = pd.DataFrame(rows)
    table = table.assign(error=table.measured-table.forecast, width=(table.high-table.low)/2)
    shown = ['forecast', 'measured', 'error', 'width', 'inside']
    print(table.groupby(['data', 'pair', 'tasks'])[shown].mean().round(2).to_string())
    hold, n = table.inside.mean(), len(table)
    print(f'{hold:.1%} of {n} forecasts hold (standard error {100*np.sqrt(hold*(1-hold)/n):.1f} points); '
          f'{time.process_time()-started:.0f} CPU seconds')


if __name__ == '__main__': main()
