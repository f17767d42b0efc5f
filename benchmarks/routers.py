"""Gain over random on the test split: the chosen router of a run beside LLMRouter's kNN, SVM, MLP and hybrid routers.

All see the same vectors of the same train and validation tasks, and are scored on the same test outcomes with the same resamples. LLMRouter's own trainers
fit its own models, some with the settings of its documentation, some with ours (both numbers of neighbours, the hybrid's network); its routers answer with a
model's name, so the score is the probability (kNN, MLP), margin (SVM) or estimate (hybrid) behind that name. Needs `make beyond`, and
`pip install --no-deps llmrouter-lib==0.4.0`, best in an environment of its own; skipped without them.
"""
import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from llmr.runs import open_run
from llmr.features import view_arrays
from llmr.selection import gain_rows, make_study

PEERS = {'llmrouter-knn-5': ('knn', dict(n_neighbors=5, metric='cosine')), 'llmrouter-knn-20': ('knn', dict(n_neighbors=20, metric='cosine')),
         'llmrouter-svm': ('svm', dict(kernel='rbf', C=1., gamma='scale')), 'llmrouter-mlp': ('mlp', dict(hidden_layer_sizes=[128, 64], activation='relu', lr=.001, epochs=100, batch_size=32, alpha=1e-4)),
         'llmrouter-hybrid': ('hybrid', dict(hidden_layer_sizes=(128, 64), max_iter=300, random_state=42)), 'llmrouter-hybrid-soft': ('soft', dict(hidden_layer_sizes=(128, 64), max_iter=300, random_state=42))}


def bare(kind, hparam, folder):
    "One of LLMRouter's router objects without its YAML and data files, ready for its trainer."
    router = kind.__new__(kind)
    nn.Module.__init__(router)
    router.cfg, router.hparam = dict(hparam=hparam, model_path=dict(ini_model_path='', save_model_path=str(Path(folder)/'model.pkl'))), hparam
    return router


def peer_scores(kind, hparam, x, gap, test):
    "Train one of LLMRouter's routers on (N, d) vectors and (N,) gaps; (T,) scores of test vectors, high = small."
    from llmrouter import models
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPRegressor
    from sklearn.svm import SVC
    best = np.where(gap>=0, 'small', 'large').tolist() # their idxmax takes the first of equals, and the small model stands first
    with tempfile.TemporaryDirectory() as folder:
        if kind in ('knn', 'svm'):
            router = bare(models.KNNRouter if kind=='knn' else models.SVMRouter, hparam, folder)
            router.query_embedding_list, router.model_name_list = list(x), best
            router.knn_model = router.svm_model = KNeighborsClassifier(**hparam) if kind=='knn' else SVC(**hparam)
            trainer = (models.KNNRouterTrainer if kind=='knn' else models.SVMRouterTrainer)(router)
            trainer.train()
            return trainer.model.predict_proba(test)[:, list(trainer.model.classes_).index('small')] if kind=='knn' else trainer.model.decision_function(test)
        if kind=='mlp':
            torch.manual_seed(42)
            router = bare(models.MLPRouter, hparam, folder)
            router.query_embedding_list, router.label_indices = torch.as_tensor(x), torch.as_tensor([int(name=='small') for name in best])
            router.input_dim, router.num_classes = x.shape[1], 2
            trainer = models.MLPTrainer(router, device='cpu')
            trainer.train()
            with torch.no_grad(): return trainer.model(torch.as_tensor(test)).softmax(1)[:, 1].numpy()
        router = bare(models.HybridLLMRouter, hparam, folder)
        router.router_mode, router.mlp_model, router.query_embedding_list = 'probabilistic', MLPRegressor(**hparam), list(x)
        router.router_label_list = (gap>=0).astype(float) if kind=='hybrid' else 1/(1+np.exp(-gap/.1))
        trainer = models.HybridLLMTrainer(router)
        trainer.train()
        return trainer.model.predict(test)


def main():
    "Write `runs/bench/routers.csv` and print it."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--run', default='runs/shipped', help='a finished run (default: runs/shipped)')
    options.add_argument('--out', default='runs/bench/routers.csv')
    given = options.parse_args()
    try: import llmrouter  # noqa: F401
    except ImportError:
        print('skipped: LLMRouter is not here. pip install --no-deps llmrouter-lib==0.4.0', file=sys.stderr)
        return 0
    if not (Path(given.run)/'tables'/'routers.csv').exists():
        print(f'skipped: {given.run} is no finished run with routers compared. make beyond', file=sys.stderr)
        return 0
    torch.set_num_threads(1)
    threadpool_limits(1)
    run = open_run('shipped', given.run)
    outcomes, features, views, tasks = (run.read(name) for name in ('outcomes', 'features', 'views', 'tasks'))
    def study(pair, *splits):
        ids = tasks.task_id[tasks.split.isin(splits)].to_numpy()
        return make_study(outcomes[outcomes.split.isin(splits)], pair, view_arrays(features, views, ids), ids, 'test')
    tests, scores = [study(pair, 'test') for pair in run.pairs], {}
    for pair,test in zip(run.pairs, tests):
        learn = study(pair, 'train', 'validation')
        gap = np.nanmean(learn.small, 1)-np.nanmean(learn.large, 1)
        for name,(kind, hparam) in PEERS.items(): scores[pair.name, name] = np.asarray(peer_scores(kind, hparam, learn.views['prompt'], gap, test.views['prompt']), float)[None]
    ours = pd.read_csv(run.dir/'tables'/'routers.csv').query('data=="test"')
    table = pd.concat([ours, gain_rows('test', tests, scores, '')], ignore_index=True)
    Path(given.out).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out, index=False)
    print(table.assign(text=[f'{r.gain:+.2f} ({r.low:+.2f} to {r.high:+.2f})' for r in table.itertuples()]).pivot(index='router', columns='pair', values='text').to_string())
    means = table[table.pair=='mean'].set_index('router').gain
    chosen = table.router[table.selected].iloc[0]
    print(f'\n{chosen} is ahead of {(means[chosen]>means.drop(chosen)).sum()} of {len(means)-1} on the mean; needed: ahead of all')
    return 0 if (means[chosen]>means.drop(chosen)).all() else 1


if __name__=='__main__': sys.exit(main())
