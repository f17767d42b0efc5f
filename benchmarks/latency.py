"""One `route` call on the CPU, from a loaded router, for encoders of three sizes with random weights; and the memory
that a router takes.

MiniLM's, DeBERTa-v3-small's and XLM-R-base's (RouteLLM's encoder) architectures with the same head, prompts of 160
tokens, one at a time, two threads.
"""
import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig, BertModel, DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel)

from llmr.estimators import fit_estimator
from llmr.features import prompt_views
from llmr.head import build_head, head_state
from llmr.router import Router, StrictHead

MINILM = dict(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
DEBERTA = dict(vocab_size=128100, hidden_size=768, num_hidden_layers=6, num_attention_heads=12, intermediate_size=3072,
               relative_attention=True, max_relative_positions=-1, position_buckets=256, norm_rel_ebd='layer_norm',
               share_att_key=True, pos_att_type=['p2c', 'c2p'], position_biased_input=False, type_vocab_size=0)
XLM_R = dict(vocab_size=250002, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
             max_position_embeddings=514)
SHAPES = dict(minilm=(BertModel, BertConfig, MINILM), deberta_v3_small=(DebertaV2Model, DebertaV2Config, DEBERTA),
              xlm_r_base=(XLMRobertaModel, XLMRobertaConfig, XLM_R))
WORDS = 1000


def make_encoder(name, folder):
    "An encoder folder with random weights, and a tokenizer with one token per word. Returns its width."
    torch.manual_seed(0)
    model, config, shape = SHAPES[name]
    words = {'<pad>': 0, '<unk>': 1, **{f'w{i}': i+2 for i in range(WORDS)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token='<unk>'))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model(config(**shape, pad_token_id=0)).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token='<pad>', unk_token='<unk>').save_pretrained(folder)
    return shape['hidden_size']


def prompts(n, tokens, seed=0):
    "`n` prompts of `tokens` words."
    rng = np.random.default_rng(seed)
    return [' '.join(f'w{i}' for i in rng.integers(0, WORDS, tokens)) for _ in range(n)]


def head_router(width, folder):
    "A router with an untrained head on an encoder."
    state = head_state(build_head(width).parameters(), np.zeros(width), np.ones(width))
    return Router(StrictHead(state), folder, dict(widths=dict(prompt=width)))


def stack_router(folder):
    "A router with a stack that was fitted on 464 tasks, on an encoder."
    views, rng = prompt_views(prompts(200, 30, 1), folder), np.random.default_rng(0)
    views = {view: np.resize(x, (464, x.shape[1])) for view,x in views.items()}
    stack = fit_estimator('stack', views, rng.random((464, 10)), rng.random((464, 10)))
    return Router(stack, folder, dict(widths={view: x.shape[1] for view,x in views.items()}))


def timed(routers, texts):
    "Milliseconds of each call of each router. Routers take turns, so that a busy machine is the same for all."
    spent = {name: [] for name in routers}
    for turn,text in enumerate([*texts[:5], *texts]):
        for name,router in routers.items():
            start = time.perf_counter()
            router.route([text], .5)
            if turn>=5: spent[name].append(1000*(time.perf_counter()-start))
    return {name: np.array(ms) for name,ms in spent.items()}


def main():
    "Write `runs/bench/latency.csv` and print it."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--calls', type=int, default=100)
    options.add_argument('--tokens', type=int, default=160)
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--out', default='runs/bench/latency.csv')
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    texts = prompts(args.calls, args.tokens)
    with TemporaryDirectory() as top:
        folders = {name: str(Path(top)/name) for name in SHAPES}
        routers = {(name, 'head'): head_router(make_encoder(name, folder), folder) for name,folder in folders.items()}
        stack = routers['minilm', 'stack'] = stack_router(folders['minilm'])
        rows = [dict(encoder=encoder, router=name, p50_ms=np.median(ms), p99_ms=np.quantile(ms, .99))
                for (encoder, name),ms in timed(routers, texts).items()]
    table = pd.DataFrame(rows)
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False)
    print(table.round(1).to_string(index=False))
    p50 = table[table.router=='head'].set_index('encoder').p50_ms
    megabytes = sum(values.nbytes for values in stack.estimator.state.values())/2**20
    print(f'MiniLM is {p50.xlm_r_base/p50.minilm:.1f} times faster than XLM-R-base; '
          f'a stack fitted on 464 tasks takes {megabytes:.1f} MB beyond its encoder')


if __name__=='__main__': main()
