"Own data for tests: tasks and outcomes of two models as files, and outcomes that a router can learn from."
import json

import numpy as np
import pandas as pd


def easy_outcomes(n=60, samples=3, seed=0):
    "Three models: A solves easy tasks, B most, C few. The first column of x says how easy a task is."
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n), rng.normal(size=(n, 4))]).astype(np.float32)
    rows = [dict(task_id=i, split='train', model=model, sample=sample, n_tests=3, n_passed=rng.binomial(3, chance),
                 tests=['passed']*3, errors=['']*3, status='ran', n_tokens=40)
            for i,easy in enumerate(x[:, 0])
            for model,chance in (('A', easy), ('B', .6), ('C', easy**2)) for sample in range(samples)]
    return x, pd.DataFrame(rows)


def write_rows(path, rows): path.write_text('\n'.join(map(json.dumps, rows)))


def change_rows(path, change):
    "Add what `change(number, row)` says to every row of a file."
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    write_rows(path, [row | change(number, row) for number,row in enumerate(rows)])


def own_files(folder, n=40, drop=None, samples=2):
    "Paths of own tasks and outcomes as JSON lines; `drop` is a task and a model without outcomes."
    rng = np.random.default_rng(0)
    tasks = [dict(task_id=f't{i}', text=f'{"add two numbers" if i%2 else "parse brackets"} {i}',
                  tests=[f'assert f({i}) == {i}']) for i in range(n)]
    outcomes = [dict(task_id=f't{i}', model=model, sample=sample, n_tests=3,
                     n_passed=int(rng.binomial(3, .9 if model=='big' or i%2 else .2)))
                for i in range(n) for model in ('tiny', 'big') for sample in range(samples) if (i, model)!=drop]
    write_rows(folder/'tasks.jsonl', tasks)
    write_rows(folder/'outcomes.jsonl', outcomes)
    return folder/'tasks.jsonl', folder/'outcomes.jsonl'
