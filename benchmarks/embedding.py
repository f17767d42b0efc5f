"""Prompts per second through a frozen encoder: batched by length as `embed` does, compared with the authors' padding to
512, and with what the device can do.

DeBERTa-v3-small's architecture with random weights, prompts as long as MBPP's (characters of the shipped tasks / 3.5),
on the GPU in bfloat16 where there is one, else on the CPU. The floor is the time that the multiplications of these
prompts take at the rate of one large matrix product, measured in the same run.
"""
import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from latency import WORDS, make_encoder
from llmr.core import package_file
from llmr.features import _token_model, embed


def mbpp_prompts(n, seed=0):
    "n texts of random words, each as many tokens as one of MBPP's prompts has."
    hand = pd.read_parquet(package_file('shipped/views.parquet')).query('view=="hand"')
    characters = np.expm1(np.stack(hand.vector)[:, 0].astype(float))
    rng = np.random.default_rng(seed)
    counts = rng.choice(characters, n, replace=n>len(characters))
    return [' '.join(f'w{i}' for i in rng.integers(WORDS, size=int(count/3.5))) for count in counts]


@torch.inference_mode()
def padded(folder, texts, batch_size=32):
    "Vectors of texts in their order, every batch padded to 512 tokens."
    tokenizer, model, device = _token_model(folder)
    parts = []
    for start in range(0, len(texts), batch_size):
        some = texts[start:start+batch_size]
        batch = tokenizer(some, padding='max_length', max_length=512, truncation=True, return_tensors='pt')
        parts.append(model(**batch.to(device)).last_hidden_state[:, 0].float().cpu())
    return torch.cat(parts).numpy()


@torch.no_grad()
def flops(folder, texts):
    "Floating-point operations of every text by itself, without padding."
    tokenizer, model, device = _token_model(folder)
    lengths, counts = pd.Series([len(tokenizer(text)['input_ids']) for text in texts]).value_counts(), 0
    for length,n in lengths.items():
        with FlopCounterMode(display=False) as counter:
            model(input_ids=torch.ones((1, length), dtype=torch.long, device=device))
        counts += n*counter.get_total_flops()
    return counts


def matmul_rate(device, dtype, size):
    "Operations per second of the best of ten matrix products."
    a, best = torch.randn(size, size, device=device, dtype=dtype), 0
    for _ in range(10):
        start = time.perf_counter()
        a@a
        if device.type=='cuda': torch.cuda.synchronize()
        best = max(best, 2*size**3/(time.perf_counter()-start))
    return best


def main():
    "Write `runs/bench/embedding.csv` and print it."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--prompts', type=int, help='default: 964 on a GPU, 96 on the CPU')
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--out', default='runs/bench/embedding.csv')
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    gpu = torch.cuda.is_available()
    texts, seconds = mbpp_prompts(args.prompts or (964 if gpu else 96)), {'by length': [], 'padded to 512': []}
    with TemporaryDirectory() as folder:
        make_encoder('deberta_v3_small', folder)
        _, model, device = _token_model(folder)
        embed(texts[:8], folder), padded(folder, texts[:8])
        for _ in range(args.rounds):
            calls = {'by length': lambda: embed(texts, folder), 'padded to 512': lambda: padded(folder, texts)}
            for name,call in calls.items():
                start = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter()-start)
        floor_s = flops(folder, texts)/matmul_rate(device, model.dtype, 8192 if gpu else 1024)
    best = pd.Series({name: min(rounds) for name,rounds in seconds.items()})
    columns = dict(prompts_per_second=len(texts)/best, times_faster_than_padded=best['padded to 512']/best,
                   times_the_floor=best/floor_s)
    table = pd.DataFrame(columns).rename_axis('batches').reset_index()
    table['device'] = torch.cuda.get_device_name() if gpu else f'CPU, {args.threads} threads'
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False)
    print(table.round(2).to_string(index=False))
    ratios = np.divide(seconds['padded to 512'], seconds['by length'])
    print(f'by length is {np.median(ratios):.1f} times faster than padding '
          f'({min(ratios):.1f} to {max(ratios):.1f} in {args.rounds} rounds of {len(texts)} prompts)')


if __name__=='__main__': main()
