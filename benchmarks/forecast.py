"""How often a forecast of what more tasks would buy holds: made from half of n tasks for all n, then measured.

On the shipped recordings (three pairs of models), and on those of stage 10 where LLMR_DATA has them. `--estimator`
names what learns; a line of the table is a pair and a number of tasks, over `--draws` draws of tasks.
"""
import argparse
import time

import numpy as np
import pandas as pd

from recordings import extract_studies, shipped_studies

from llmr.selection import forecast_check


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
