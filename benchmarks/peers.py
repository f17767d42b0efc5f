"""Ours beside the kinds of router that LLMRouter and RouteLLM have, on the same rows, at the same costs.

Kinds: nearest neighbours, a support vector machine and a multilayer perceptron that predict the better model
(LLMRouter's settings), and matrix factorisation of models and prompts that predicts who wins (RouteLLM's). Ours is the
whole procedure: an estimator chosen among all by nested cross-validation. Every router is fitted on four of the same
five folds, and scored on the fifth. The gain is the mean over all cost advantages of its pass rate minus that of a
mixture of the two models at the same cost, which is what the best constants can do; 0 is no gain. Then the guarded
router, in points over the better model alone, on the same pairs and on coins. Train and validation tasks of the shipped
recordings; with LLMR_DATA also the recordings of stage 10. `benchmarks/routers.py` runs LLMRouter's own code on the
test split.
"""
import argparse
import time

import numpy as np
import pandas as pd

from recordings import extract_studies, shipped_studies

from llmr.evaluation import bootstrap_gains, bootstrap_weights, gain_over_random, interval
from llmr.router import Estimator
from llmr.runs import Pair
from llmr.selection import CANDIDATES, Study, cross_scores, fold_numbers, nested_scores
from llmr.transfer import guard_rows


class Kind(Estimator):
    "A classifier of scikit-learn that predicts whether the small model does at least as well."
    candidate = False
    def _fit(self, examples, seed):
        label = examples.gap>=0
        self.model = self.make(seed).fit(examples.views['prompt'], label) if len(set(label))>1 else None
        return {}
    def _score(self, views):
        if self.model is None: return np.zeros(len(views['prompt']))
        if hasattr(self.model, 'predict_proba'): return self.model.predict_proba(views['prompt'])[:, 1]
        return self.model.decision_function(views['prompt'])


class FewNeighbours(Kind, name='kNN, 5'):
    "LLMRouter's default."
    neighbours = 5
    def make(self, seed):
        from sklearn.neighbors import KNeighborsClassifier
        return KNeighborsClassifier(self.neighbours, metric='cosine')


class ManyNeighbours(FewNeighbours, name='kNN, 20'):
    "With more neighbours."
    neighbours = 20


class SupportVectors(Kind, name='SVM'):
    "LLMRouter's default."
    def make(self, seed):
        from sklearn.svm import SVC
        return SVC(kernel='rbf', C=1., gamma='scale')


class Perceptron(Kind, name='MLP'):
    "LLMRouter's network, stopped early as it overfits."
    def make(self, seed):
        from sklearn.neural_network import MLPClassifier
        return MLPClassifier((128, 64), alpha=1e-4, learning_rate_init=1e-3, max_iter=100, early_stopping=True,
                             random_state=seed)


class Factorisation(Estimator, name='MF'):
    "Chance that one model beats another: logistic in the product of their factors with the prompt's vector."
    candidate = False
    def _fit(self, examples, seed):
        from sklearn.linear_model import LogisticRegression
        x = examples.views['prompt']
        rates = np.column_stack([np.nanmean(examples.small, 1), np.nanmean(examples.large, 1), examples.others])
        models, rows, wins, weights = rates.shape[1], [], [], []
        for first in range(models):
            for second in range(first+1, models):
                lead = rates[:, first]-rates[:, second]
                rows.append(self.products(x[lead!=0], first, second, models))
                wins.append(lead[lead!=0]>0)
                weights.append(np.abs(lead[lead!=0]))
        rows, wins = np.concatenate(rows), np.concatenate(wins)
        self.shape, self.model = models, None
        if len(set(wins))>1: self.model = LogisticRegression(max_iter=1000).fit(rows, wins, np.concatenate(weights))
        return {}
    def products(self, x, first, second, models):
        "Factors of the first model minus those of the second, times the prompt's vector with a 1."
        rows = np.zeros((len(x), models, x.shape[1]+1), np.float32)
        full = np.column_stack([x, np.ones(len(x))])
        rows[:, first], rows[:, second] = full, -full
        return rows.reshape(len(x), -1)
    def _score(self, views):
        if self.model is None: return np.zeros(len(views['prompt']))
        return self.model.decision_function(self.products(views['prompt'], 0, 1, self.shape))


PEERS = ('kNN, 5', 'kNN, 20', 'SVM', 'MLP', 'MF')


def coins(seed, chances, n=200):
    "A pair of models that pass at random."
    rng, pair = np.random.default_rng(seed), Pair('A', 'B')
    small, large = ((rng.random(n)<chance)*1. for chance in chances)
    x, none = rng.normal(size=(n, 8)).astype(np.float32), np.full((n, 1), np.nan)
    paired = pd.DataFrame(dict(small_tests=1., small_passed=small, large_tests=1., large_passed=large))
    views = dict(prompt=x, sentence=x)
    return Study('coins', pair, np.arange(n), views, small[:, None], large[:, None], np.zeros((n, 0)), none, paired)


def gains_of(study, seed=42):
    "Router -> (1 + B,) gains, the first of all tasks: ours, then each kind."
    scores = {'ours': nested_scores([study], CANDIDATES, 5, seed)[0][study.pair.name, 'nested'][0]}
    fold = fold_numbers(len(study.task_ids), 5, seed, study.groups)
    weights = bootstrap_weights(len(study.task_ids), 1000, seed, study.groups)
    scores |= {peer: cross_scores(study, peer, fold, seed=seed) for peer in PEERS}
    return {name: np.append(gain_over_random(s, study.paired), bootstrap_gains(s, study.paired, weights))
            for name,s in scores.items()}


def gain_text(values):
    "A gain with its interval."
    return '{:+.2f} ({:+.2f} to {:+.2f})'.format(values[0], *interval(values[1:]))


def print_gains(studies):
    "A row for each pair and for the mean of each data set, a column for each router; ours minus each last."
    found = {(study.data, study.pair.name): gains_of(study) for study in studies}
    for data in dict.fromkeys(data for data,_ in found):
        by_pair = {pair: gains for (name, pair),gains in found.items() if name==data}
        by_pair['mean'] = {router: np.mean([gains[router] for gains in by_pair.values()], 0)
                           for router in ('ours', *PEERS)}
        table = {pair: {router: gain_text(values) for router,values in gains.items()} for pair,gains in by_pair.items()}
        table['ours minus it'] = {peer: gain_text(by_pair['mean']['ours']-by_pair['mean'][peer]) for peer in PEERS}
        print(f'{data}: gain over a mixture of the two models at the same cost, points (95%)')
        print(pd.DataFrame(table).fillna('').to_string(), '\n')
    mean = {router: np.mean([gains[router][0] for gains in found.values()]) for router in ('ours', *PEERS)}
    print('mean of all pairs: '+', '.join(f'{router} {value:+.2f}' for router,value in mean.items()), '\n')


def print_guards(studies, n_coins):
    "The guarded router and its estimator, over the better model alone."
    columns = ['data', 'pair', 'router', 'over_constant', 'low', 'high', 'left']
    table = pd.concat(map(guard_rows, studies), ignore_index=True)
    for chances in ((.5, .5), (.55, .6), (.35, .6), (.7, .6)):
        rows = pd.concat([guard_rows(coins(seed, chances)) for seed in range(n_coins)])
        means = rows.groupby('router', sort=False)[['over_constant', 'left']].mean().reset_index()
        error = rows.groupby('router', sort=False).over_constant.sem().to_numpy()
        means = means.assign(data=f'coins {chances}', pair='', low=means.over_constant-1.96*error,
                             high=means.over_constant+1.96*error)
        table = pd.concat([table, means], ignore_index=True)
    print('over the better model alone, points (95%), and the share of tasks that leave it')
    print(table[columns].round(2).to_string(index=False))


def main():
    "Print the tables."
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--encoder', default='hashing', help='for recordings that are not shipped (default: hashing)')
    options.add_argument('--coins', type=int, default=20, help='draws of each kind of coins (default: 20)')
    options.add_argument('--only', choices=('gains', 'guards'), help='one of the tables')
    given, started = options.parse_args(), time.process_time()
    studies = [*shipped_studies(('train', 'validation')), *extract_studies(given.encoder)]
    if given.only!='guards': print_gains(studies)
    if given.only!='gains': print_guards(studies, given.coins)
    print(f'{time.process_time()-started:.0f} CPU seconds')


if __name__ == '__main__': main()
