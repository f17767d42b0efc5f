"""Training the paper's heads: from features computed once, compared with a loop that runs the frozen encoder at 512
tokens in every step, as the authors' does.

Both train on the same subset with the same encoder architecture (DeBERTa-v3-small, random weights), the same steps and
batch size. Then all heads of the paper (three pairs, two qualities, five epochs, four copies) from cached features at
full size.
"""
import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy

from latency import make_encoder, prompts
from llmr.features import embed
from llmr.head import Hyperparameters, build_head, train_head


def authors_loop(folder, texts, y, copies, batch_size=32):
    "Seconds of one epoch that tokenises to 512 and runs the encoder in every step."
    from transformers import AutoModel, AutoTokenizer
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    head = build_head(encoder.config.hidden_size)
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-4)
    rows = torch.randperm(len(texts)*copies, generator=torch.Generator().manual_seed(0)).remainder(len(texts))
    start = time.perf_counter()
    for batch in rows.split(batch_size):
        tokens = tokenizer([texts[i] for i in batch], padding='max_length', max_length=512, truncation=True,
                           return_tensors='pt')
        with torch.no_grad(): x = encoder(**tokens).last_hidden_state[:, 0]
        loss = binary_cross_entropy(torch.sigmoid(head(x)).squeeze(-1), y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return time.perf_counter()-start, len(rows)


def main():
    "Write `runs/bench/training.csv` and print it."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--tasks', type=int, default=16, help='tasks of the subset (default: 16)')
    options.add_argument('--tokens', type=int, default=120)
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--out', default='runs/bench/training.csv')
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    copies, rng = 4, np.random.default_rng(0)
    texts, y = prompts(args.tasks, args.tokens), torch.as_tensor(rng.random(args.tasks), dtype=torch.float32)
    with TemporaryDirectory() as folder:
        make_encoder('deberta_v3_small', folder)
        loop_s, seen = authors_loop(folder, texts, y, copies)
        embed(texts[:1], folder)
        start = time.perf_counter()
        x = embed(texts, folder)
        embed_s = time.perf_counter()-start
    train_head((x, y.numpy()), (x, y.numpy()), Hyperparameters(epochs=1, copies=1))
    epochs = 5
    start = time.perf_counter()
    train_head((x, y.numpy()), (x, y.numpy()), Hyperparameters(epochs=epochs, copies=copies))
    head_s = (time.perf_counter()-start)/epochs
    full = rng.normal(size=(374, copies, 768)).astype(np.float32), rng.random(374)
    start = time.perf_counter()
    for seed in range(6): train_head(full, (full[0][:90, 0], full[1][:90]), Hyperparameters(), seed)
    all_s = time.perf_counter()-start
    rows = [('encoder in every step, padded to 512', f'{seen} rows, one epoch', loop_s),
            ('head from cached features', f'{seen} rows, one epoch', head_s),
            ('embedding, once', f'{args.tasks} tasks', embed_s),
            ('all six heads from cached features', '374 tasks, 4 versions, 5 epochs', all_s)]
    table = pd.DataFrame(rows, columns=['what', 'size', 'seconds'])
    table['times_faster_than_loop'] = [1, loop_s/head_s, np.nan, np.nan]
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False)
    print(table.round(4).to_string(index=False))
    print(f'five epochs with the embedding counted: {5*loop_s/(5*head_s+embed_s):.0f} times faster')


if __name__=='__main__': main()
