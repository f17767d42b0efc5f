"Studies of recorded pairs of models, for benchmarks of estimators."
import pandas as pd

from llmr.core import SPLITS, InputError, package_file
from llmr.features import prompt_views, view_arrays
from llmr.harness import EXTRACTS, PAIRS, load_extract
from llmr.problem import task_prompts
from llmr.runs import PROFILES, Pair
from llmr.selection import make_study


def shipped_studies(splits=SPLITS):
    "One study of each pair of the shipped recordings: the tasks of some splits, all by default."
    tasks, outcomes, features, views = (pd.read_parquet(package_file(f'shipped/{name}.parquet'))
                                        for name in ('tasks', 'outcomes', 'features', 'views'))
    tasks, outcomes = (rows[rows.split.isin(splits)] for rows in (tasks, outcomes))
    ids, models = tasks.task_id.to_numpy(), PROFILES['shipped'].models
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
