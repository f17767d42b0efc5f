"""Gain over random on the test split: the chosen router of a run beside LLMRouter's kNN, SVM, MLP and hybrid routers.

All see the same vectors of the same train and validation tasks, and are scored on the same test outcomes with the same
resamples. LLMRouter's own trainers fit its own models, some with the settings of its documentation, some with ours
(both numbers of neighbours, the hybrid's network). Its routers answer with a model's name, so the score is the
probability (kNN, MLP), margin (SVM) or estimate (hybrid) behind that name. Needs `make beyond`, and
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

HYBRID = dict(hidden_layer_sizes=(128, 64), max_iter=300, random_state=42)
MLP = dict(hidden_layer_sizes=[128, 64], activation='relu', lr=.001, epochs=100, batch_size=32, alpha=1e-4)
PEERS = {
    'llmrouter-knn-5': ('knn', dict(n_neighbors=5, metric='cosine')),
    'llmrouter-knn-20': ('knn', dict(n_neighbors=20, metric='cosine')),
    'llmrouter-svm': ('svm', dict(kernel='rbf', C=1., gamma='scale')),
    'llmrouter-mlp': ('mlp', MLP),
    'llmrouter-hybrid': ('hybrid', HYBRID),
    'llmrouter-hybrid-soft': ('soft', HYBRID)}


def bare(router_class, hparam, folder):
    "One of LLMRouter's router objects without its YAML and data files, ready for its trainer."
    router = router_class.__new__(router_class)
    nn.Module.__init__(router)
    model_path = dict(ini_model_path='', save_model_path=str(Path(folder)/'model.pkl'))
    router.cfg, router.hparam = dict(hparam=hparam, model_path=model_path), hparam
    return router


def best_models(gap):
    "The better model of each task. LLMRouter's idxmax takes the first of equals, and the small model comes first."
    return np.where(gap>=0, 'small', 'large').tolist()


def knn_scores(hparam, x, gap, test, folder):
    "Probability of the small model by LLMRouter's kNN router."
    from llmrouter import models
    from sklearn.neighbors import KNeighborsClassifier
    router = bare(models.KNNRouter, hparam, folder)
    router.query_embedding_list, router.model_name_list = list(x), best_models(gap)
    router.knn_model = KNeighborsClassifier(**hparam)
    trainer = models.KNNRouterTrainer(router)
    trainer.train()
    return trainer.model.predict_proba(test)[:, list(trainer.model.classes_).index('small')]


def svm_scores(hparam, x, gap, test, folder):
    "Margin of the small model by LLMRouter's SVM router."
    from llmrouter import models
    from sklearn.svm import SVC
    router = bare(models.SVMRouter, hparam, folder)
    router.query_embedding_list, router.model_name_list = list(x), best_models(gap)
    router.svm_model = SVC(**hparam)
    trainer = models.SVMRouterTrainer(router)
    trainer.train()
    return trainer.model.decision_function(test)


def mlp_scores(hparam, x, gap, test, folder):
    "Probability of the small model by LLMRouter's MLP router."
    from llmrouter import models
    torch.manual_seed(42)
    router = bare(models.MLPRouter, hparam, folder)
    router.query_embedding_list = torch.as_tensor(x)
    router.label_indices = torch.as_tensor([int(name=='small') for name in best_models(gap)])
    router.input_dim, router.num_classes = x.shape[1], 2
    trainer = models.MLPTrainer(router, device='cpu')
    trainer.train()
    with torch.no_grad(): return trainer.model(torch.as_tensor(test)).softmax(1)[:, 1].numpy()


def hybrid_scores(hparam, x, labels, test, folder):
    "Estimate of `labels` by LLMRouter's hybrid router."
    from llmrouter import models
    from sklearn.neural_network import MLPRegressor
    router = bare(models.HybridLLMRouter, hparam, folder)
    router.router_mode, router.mlp_model = 'probabilistic', MLPRegressor(**hparam)
    router.query_embedding_list, router.router_label_list = list(x), labels
    trainer = models.HybridLLMTrainer(router)
    trainer.train()
    return trainer.model.predict(test)


def peer_scores(peer, hparam, x, gap, test):
    "Train one of LLMRouter's routers on (N, d) vectors and (N,) gaps; (T,) scores of test vectors, high = small."
    with tempfile.TemporaryDirectory() as folder:
        if peer=='knn': return knn_scores(hparam, x, gap, test, folder)
        if peer=='svm': return svm_scores(hparam, x, gap, test, folder)
        if peer=='mlp': return mlp_scores(hparam, x, gap, test, folder)
        labels = (gap>=0).astype(float) if peer=='hybrid' else 1/(1+np.exp(-gap/.1))
        return hybrid_scores(hparam, x, labels, test, folder)


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
        for name,(peer, hparam) in PEERS.items():
            found = peer_scores(peer, hparam, learn.views['prompt'], gap, test.views['prompt'])
            scores[pair.name, name] = np.asarray(found, float)[None]
    ours = pd.read_csv(run.dir/'tables'/'routers.csv').query('data=="test"')
    table = pd.concat([ours, gain_rows('test', tests, scores, '')], ignore_index=True)
    Path(given.out).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out, index=False)
    texts = [f'{r.gain:+.2f} ({r.low:+.2f} to {r.high:+.2f})' for r in table.itertuples()]
    print(table.assign(text=texts).pivot(index='router', columns='pair', values='text').to_string())
    means = table[table.pair=='mean'].set_index('router').gain
    chosen = table.router[table.selected].iloc[0]
    n_behind = (means[chosen]>means.drop(chosen)).sum()
    print(f'\n{chosen} is ahead of {n_behind} of {len(means)-1} on the mean; needed: ahead of all')
    return 0 if (means[chosen]>means.drop(chosen)).all() else 1


if __name__=='__main__': sys.exit(main())
