"""Whether outcomes of public models on other tasks help a router of one's own: learning curves with and without.

A prior of difficulty is learned from the outcomes of many models on the tasks of other benchmarks: a task's pass rate,
relative to its benchmark, from its text. The router of n tasks then learns what that prior leaves over; the prior's
weight is shrunk towards 0 by its error on these n tasks. No task that the prior has learned from may be scored: texts
are compared by their runs of eight words, and tasks that share half of them are left out of the prior, as is the whole
benchmark that is scored. Needs LLMR_DATA, with recordings of HumanEval, MBPP, LiveCodeBench, BigCodeBench and
CodeContests; what is missing is left out. The last columns say what the prior adds, in points of gain over random, with
a 95% interval from resampled tasks.
"""
import argparse
import gzip
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd

from llmr.benchmarks import load_tasks
from llmr.core import DATA_ENV, InputError, package_file
from llmr.estimators import fit_estimator
from llmr.evaluation import bootstrap_gains, bootstrap_weights, gain_over_random, interval
from llmr.features import embed_cached
from llmr.harness import load_extract
from llmr.own_tables import read_inputs

SIZES = (25, 50, 100, 200, 374)
PAIRS = dict(mbpp=[('1B', '8B'), ('8B', '70B'), ('1B', '70B')],
             humaneval=[('codellama-34b-instruct', 'gpt-4'), ('gpt-3.5-turbo', 'gpt-4')],
             livecodebench=[('Qwen2.5-Ins-7B', 'Qwen-3-8B')])


def pass_rates(outcomes):
    "(tasks, models) shares of tests passed."
    return outcomes.assign(rate=outcomes.n_passed/outcomes.n_tests).pivot_table(
        index='task_id', columns='model', values='rate')


def data_path(name):
    "A file or folder below LLMR_DATA. Raises: `InputError` if it is not there."
    path = Path(os.environ.get(DATA_ENV, '.'))/name
    if not path.exists(): raise InputError(f'{path}: not there. Set {DATA_ENV} to the folder of recordings.')
    return path


def read_lines(name):
    "JSON lines of a packed file below LLMR_DATA."
    with gzip.open(data_path(name), 'rt', encoding='utf-8') as lines: return [json.loads(line) for line in lines]


def mbpp():
    "MBPP, as the three recorded models solved it."
    rates = pass_rates(pd.read_parquet(package_file('shipped/outcomes.parquet')))
    texts = load_tasks('mbpp').set_index('task_id').text
    return texts.loc[rates.index].tolist(), rates


def humaneval():
    "HumanEval: nine models, from three kinds of files."
    tasks, outcomes, _ = load_extract('humaneval')
    rates = pass_rates(outcomes)
    for folder in ('evalplus_new_humaneval', 'evalplus_old_humaneval', 'humaneval_results'):
        more = pass_rates(read_inputs([str(data_path(f'harness/{folder}'))]).outcomes)
        more.index = [str(task).rpartition('/')[2] for task in more.index]
        numbers = [str(task).rpartition('/')[2] for task in rates.index]
        for model in more: rates[model] = more[model].reindex(numbers).to_numpy()
    return tasks.set_index('task_id').text.loc[rates.index].tolist(), rates


def livecodebench():
    "LiveCodeBench: two models."
    recorded = read_inputs([str(data_path('harness/livecodebench_eval_all'))])
    rates = pass_rates(recorded.outcomes)
    return [recorded.texts[task] for task in rates.index], rates


def bigcodebench():
    "BigCodeBench, hard tasks whose text is there: two models."
    texts = {row['task_id']: row['instruct_prompt'] for row in read_lines('benchmarks/bigcodebench_unittest.jsonl.gz')}
    rates = pass_rates(read_inputs([str(data_path('harness/bigcodebench_hard_instruct'))]).outcomes)
    rates = rates[rates.index.isin(list(texts))]
    return [texts[task] for task in rates.index], rates


def codecontests():
    "CodeContests' public tests: three models."
    rows = read_lines('benchmarks/codecontests_stdin_public.jsonl.gz')
    solved = [{model: float(str(found['passing_public_tests'])=='True') for model,found in row['programs'].items()}
              for row in rows]
    return [row['problem'] for row in rows], pd.DataFrame(solved)


def load_all():
    "Benchmark -> (texts, rates), those that are there."
    found = {}
    for load in (mbpp, humaneval, livecodebench, bigcodebench, codecontests):
        try: found[load.__name__] = load()
        except InputError as e: print(f'{load.__name__} is left out: {e}')
    return found


def word_runs(text, length=8):
    "Runs of `length` words, case and punctuation aside; the whole text where it is shorter."
    words = re.findall(r'\w+', text.lower())
    return {tuple(words[i:i+length]) for i in range(max(len(words)-length+1, 1))}


def shared(texts, scored, share=.5):
    "(N,) True for a text that has half of its runs of words in a scored text, or the other way round."
    runs, places = [word_runs(text) for text in scored], {}
    for number,one in enumerate(runs):
        for run in one: places.setdefault(run, []).append(number)
    def alike(text):
        "Whether one text is."
        own, counts = word_runs(text), {}
        for run in own:
            for number in places.get(run, ()): counts[number] = counts.get(number, 0)+1
        return any(count>=share*min(len(own), len(runs[number])) for number,count in counts.items())
    return np.array([alike(text) for text in texts])


def check_apart(texts, scored):
    "Raises: `InputError` if a prior would learn from what is scored."
    alike = shared(texts, scored)
    if alike.any():
        raise InputError(f'{alike.sum()} of {len(texts)} tasks of the prior are among those that are scored, such as '
                         f'number {alike.argmax()}. Leave them out of the prior.')


def difficulty(rates):
    "(N,) pass rate over models, each relative to its own mean on the benchmark."
    return (rates-rates.mean()).mean(axis=1).to_numpy()


def lead(rates):
    "(N,) pass rate of the weaker models minus that of the stronger, relative to the benchmark: the gap of a router."
    strong = rates.mean().sub(rates.mean().mean())
    gap = -(rates-rates.mean()).fillna(0.)@strong
    return (gap/max(gap.std(), 1e-9)/4).to_numpy()


PRIORS = dict(difficulty=difficulty, gap=lead)


def learn_prior(data, vectors, target, kind):
    "(N,) estimates for the tasks of a benchmark, from all other benchmarks; vectors relative to their benchmark."
    from sklearn.kernel_ridge import KernelRidge
    x, y, weight = [], [], []
    for name,(texts, rates) in data.items():
        if name==target: continue
        keep = ~shared(texts, data[target][0])
        check_apart([text for text,kept in zip(texts, keep) if kept], data[target][0])
        if not keep.all(): print(f'{name}: {(~keep).sum()} tasks are also in {target}, and left out of its prior')
        x.append((vectors[name]-vectors[name].mean(0))[keep])
        y.append(PRIORS[kind](rates)[keep])
        weight.append(np.full(keep.sum(), keep.sum()**-.5))
    x, ask = np.concatenate(x), vectors[target]-vectors[target].mean(0)
    gamma = 1/np.square(x).sum(1).mean()
    model = KernelRidge(alpha=1., kernel='rbf', gamma=gamma).fit(x, np.concatenate(y), np.concatenate(weight))
    return model.predict(ask)


def weight_of(prior, gap):
    "Slope of gaps on the prior, shrunk by its error."
    from scipy.stats import linregress
    line = linregress(prior, gap)
    return line.slope*max(0., 1-(line.stderr/line.slope)**2) if line.slope else 0.


def both_scores(x, prior, gap, learn):
    "Scores of all tasks by a router of some, with the prior and without."
    def fitted(target):
        "By kernel regression."
        views = dict(prompt=x[learn], sentence=x[learn])
        model = fit_estimator('kernel', views, target, np.zeros(len(target)))
        return model.score(dict(prompt=x, sentence=x))
    weight = weight_of(prior[learn], gap[learn])
    return weight*prior+fitted(gap[learn]-weight*prior[learn]), fitted(gap[learn])


def curve_rows(name, rates, x, prior, repeats, seed=42):
    "A row for each number of tasks: gains with and without, and what the prior adds, mean over the pairs."
    rows = []
    for n in (n for n in SIZES if n<=.8*len(x)):
        gains = {'with': [], 'without': []}
        for small,large in PAIRS[name]:
            gap = (rates[small]-rates[large]).to_numpy()
            paired = pd.DataFrame(dict(small_tests=1., small_passed=rates[small].to_numpy(), large_tests=1.,
                                       large_passed=rates[large].to_numpy()))
            for repeat in range(repeats):
                mixed = np.random.default_rng([seed, n, repeat]).permutation(len(x))
                learn, rest = mixed[:n], np.sort(mixed[n:])
                drawn = bootstrap_weights(len(x), 200, seed)[:, rest] # the same tasks are drawn for every router
                for kind,scores in zip(gains, both_scores(x, prior, gap, learn)):
                    of_rest = scores[rest], paired.iloc[rest]
                    gains[kind].append(np.append(gain_over_random(*of_rest), bootstrap_gains(*of_rest, drawn)))
        gain, without = (np.mean(found, 0) for found in gains.values())
        low, high = interval(gain[1:]-without[1:])
        rows.append(dict(scored=name, n=n, without=without[0], with_prior=gain[0], added=gain[0]-without[0], low=low,
                         high=high))
    return rows


def main():
    "Print the table."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--encoder', default='minilm', help='of the first letters of a text (default: minilm)')
    options.add_argument('--prior', default='difficulty', choices=PRIORS, help='what it estimates: pass rate, '
                         'or the gap of weaker and stronger models (default: difficulty)')
    options.add_argument('--letters', type=int, default=500, help='how many (default: 500)')
    options.add_argument('--repeats', type=int, default=10, help='draws of n tasks (default: 10)')
    options.add_argument('--cache', default='runs/bench', help='folder for vectors (default: runs/bench)')
    given, started = options.parse_args(), time.process_time()
    data, rows = load_all(), []
    if len(data)<2: return print('skipped: a prior needs two benchmarks or more. Set LLMR_DATA.')
    vectors = {name: embed_cached([text[:given.letters] for text in texts], given.encoder, given.cache)
               for name,(texts, _) in data.items()}
    for name in (name for name in PAIRS if name in data):
        rates, prior = data[name][1], learn_prior(data, vectors, name, given.prior)
        for small,large in PAIRS[name]:
            gap = (rates[small]-rates[large]).to_numpy()
            found = np.corrcoef(prior, difficulty(rates))[0, 1], np.corrcoef(prior, gap)[0, 1]
            print(f'{name} {small}-{large}: correlation of the prior with the pass rate {found[0]:+.2f}, with the gap '
                  f'{found[1]:+.2f} (standard error {len(gap)**-.5:.2f})')
        rows += curve_rows(name, rates, vectors[name], prior, given.repeats)
    print(pd.DataFrame(rows).round(2).to_string(index=False))
    print(f'{time.process_time()-started:.0f} CPU seconds')


if __name__ == '__main__': main()
