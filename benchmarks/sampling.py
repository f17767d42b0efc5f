"""Tokens per second of the transformers sampler and of the authors' loop.

The authors call `generate` once per task, with its samples as the batch, padded until the longest completion ends. Both
draw M completions of each train task and one of each validation and test task, from the same models at the same
temperature, on the CPU. They take turns, so that a busy machine slows both alike; processor seconds are reported too.
Writes `runs/bench/sampling.csv`.
"""
import argparse
import time
from pathlib import Path

import pandas as pd
import torch

from llmr.core import package_file
from llmr.benchmarks import load_tasks, thin_tasks
from llmr.problem import format_prompt
from llmr.engine_transformers import Transformers
from llmr.engines import Settings, render
from llmr.sampling import sample_completions


def authors_way(sampler, tasks, n_samples, max_tokens):
    "Tokens written, a `generate` for each task; nothing after the end of a completion is counted."
    sampler.load()
    model, tokenizer, n_tokens = sampler.model, sampler.tokenizer, 0
    for task in tasks.itertuples():
        text, _ = render(tokenizer, format_prompt(task.text, task.tests, task.setup or ''), sampler.settings.prefill)
        asked = tokenizer(text, add_special_tokens=False, return_tensors='pt')
        with torch.inference_mode():
            ids = model.generate(
                **asked, do_sample=True, temperature=.7, top_k=0, top_p=1., max_new_tokens=max_tokens,
                num_return_sequences=n_samples[task.split], pad_token_id=sampler.pad)
        for row in ids[:, asked.input_ids.shape[1]:].tolist():
            n_tokens += next((i+1 for i,token in enumerate(row) if token in sampler.endings.ends), len(row))
    return n_tokens


def timed(work):
    "`(tokens, seconds, processor seconds)`."
    start, cpu = time.perf_counter(), time.process_time()
    return work(), time.perf_counter()-start, time.process_time()-cpu


def main():
    "Write `runs/bench/sampling.csv` and print it."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--tasks', type=int, default=60, help='tasks of each split (default: 60)')
    options.add_argument('--samples', type=int, default=10, help='completions of a train task (default: 10)')
    options.add_argument('--max-tokens', type=int, default=512)
    options.add_argument('--repeats', type=int, default=3)
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--out', default='runs/bench/sampling.csv')
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    tasks, rows = thin_tasks(load_tasks('toy'), given.tasks), []
    n_samples = dict(train=given.samples, validation=1, test=1)
    for name in ('small', 'large'):
        settings, folder = Settings(max_tokens=given.max_tokens), package_file(f'toy/models/{name}')
        sampler = lambda: Transformers(folder, settings, dict(device='cpu'))
        for repeat in range(given.repeats):
            ours = timed(lambda: int(sample_completions(tasks, sampler(), n_samples, seed=repeat).n_tokens.sum()))
            theirs = timed(lambda: authors_way(sampler(), tasks, n_samples, given.max_tokens))
            for way,(tokens, seconds, cpu_s) in (('llmr', ours), ('authors', theirs)):
                rows.append(dict(model=name, way=way, repeat=repeat, tokens=tokens, seconds=seconds, cpu_s=cpu_s))
    frame = pd.DataFrame(rows)
    Path(given.out).parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(given.out, index=False)
    total = frame.groupby(['model', 'way'])[['tokens', 'seconds', 'cpu_s']].sum()
    speeds = dict(tokens_per_s=total.tokens/total.seconds, tokens_per_cpu_s=total.tokens/total.cpu_s)
    speed = pd.DataFrame(speeds).unstack('way')
    print(speed.round(0).to_string())
    for measure in ('tokens_per_s', 'tokens_per_cpu_s'):
        ratios = (speed[measure].llmr/speed[measure].authors).items()
        print(f'{measure}: '+', '.join(f'{name} {ratio:.1f} times' for name,ratio in ratios))


if __name__ == '__main__': main()
