"Estimators: what all of them must do, and what they refuse."
from collections import Counter

import numpy as np
import pytest
import sklearn
from sklearn.ensemble import RandomForestRegressor

from llmr.core import InputError
from llmr.estimators import (
    Forest, Kernel, _tree_arrays, _tree_scores, fit_estimator, fit_examples, fit_ridge, forest_trees)
from llmr.features import VIEWS
from llmr.router import ESTIMATORS, Estimator, Examples, NothingToLearn, Router

LEARNING = sorted(set(ESTIMATORS)-{'random', 'length', 'oracle'})


@pytest.fixture(scope='module')
def easy():
    "`(views, small, large)` of 60 tasks, 3 samples each; the small model solves the easy ones, the first column of x."
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.random(60), rng.normal(size=(60, 4))]).astype(np.float32)
    small, large = (rng.binomial(3, chance, size=(3, 60)).T/3 for chance in (x[:, 0], np.full(60, .6)))
    return {name: x for name in VIEWS}, small, large


@pytest.mark.parametrize('name', LEARNING)
def test_every_estimator_learns_the_same_twice_and_comes_back(name, easy, tmp_path):
    views, small, large = easy
    once, twice = (fit_estimator(name, views, small, large) for _ in range(2))
    scores = once.score(views)
    assert scores.dtype==float and scores.shape==(60,) and (scores==twice.score(views)).all()
    assert np.corrcoef(scores, (small-large).mean(1))[0, 1]>0
    Router(once, 'hashing', dict(widths={view: 5 for view in views})).save(tmp_path)
    assert (Router.load(tmp_path).estimator.score(views)==scores).all()
    assert once.score({view: x[:1] for view,x in views.items()})==pytest.approx(scores[:1], abs=1e-5)


REGRESSIONS = [name for name in LEARNING if name not in ('knn', 'guarded') and not name.startswith('head')]


@pytest.mark.parametrize('name', REGRESSIONS)
def test_a_score_of_a_regression_is_a_gap(name, easy):
    views, small, large = easy
    mean = (small-large).mean()
    assert fit_estimator(name, views, small, large).score(views).mean()==pytest.approx(mean, abs=.03)


def test_trees_are_what_sklearn_says():
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    rng = np.random.default_rng(1)
    x, new = (rng.normal(size=(n, 6)).astype(np.float32) for n in (200, 500))
    y = x[:, 0]*x[:, 1]
    forest = RandomForestRegressor(20, random_state=0).fit(x, y)
    arrays = _tree_arrays([tree.tree_ for tree in forest.estimators_], 1/20)
    assert _tree_scores(arrays, new)==pytest.approx(forest.predict(new), abs=1e-5)
    boosted = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(x, y)
    arrays = _tree_arrays([tree.tree_ for tree in boosted.estimators_[:, 0]], .1)
    assert _tree_scores(arrays, new)+y.mean()==pytest.approx(boosted.predict(new), abs=1e-5)


def test_a_value_at_a_threshold_goes_left_as_sklearn_says():
    from sklearn.tree import DecisionTreeRegressor
    x = np.float32([[.1], [.3], [.7]])
    tree = DecisionTreeRegressor().fit(x, [0, 1, 2])
    at = tree.tree_.threshold[tree.tree_.children_left>=0].astype(np.float32)[:, None]
    new = np.concatenate([x, at, np.nextafter(at, np.float32(1)), np.nextafter(at, np.float32(0))])
    assert _tree_scores(_tree_arrays([tree.tree_], 1), new).tolist()==tree.predict(new).tolist()


def test_ridge_is_sklearns():
    from sklearn.linear_model import RidgeCV
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(30, 3)), rng.random(30)
    y = x[:, 0]+rng.normal(size=30)
    coef, intercept = fit_ridge(x, y, weight)
    mean, scale = x.mean(0), x.std(0)+1e-3
    sklearns = RidgeCV(np.logspace(0, 6, 13)).fit((x-mean)/scale, y, sample_weight=weight)
    assert x@coef+intercept==pytest.approx(sklearns.predict((x-mean)/scale))


def test_a_new_estimator_is_a_class():
    class Constant(Estimator, name='constant'):
        "Says 1."
        def _fit(self, examples, seed): return dict(one=[1])
        def _score(self, views): return np.repeat(self.state['one'], len(views['prompt']))
    x = np.random.default_rng(0).normal(size=(30, 3))
    try: assert (fit_estimator('constant', x, x[:, 0], x[:, 1]).score(dict(prompt=x))==1).all()
    finally: del ESTIMATORS['constant']


@pytest.mark.parametrize('change,message', [
    (dict(name='magic'), "unknown estimator 'magic'; choose from head-strict"),
    (dict(name='oracle'), "reads view 'gap'"),
    (dict(small=np.full(30, np.nan)), 'row 0 has no quality of the small model'),
    (dict(small=np.ones(29)), r'\(30, 2\) for 29 tasks'),
    (dict(small=np.ones(30), large=np.ones(30)), 'nothing to learn'),
    (dict(views=dict(hand=np.ones((30, 2)))), "reads view 'prompt'"),
    (dict(views=np.full((30, 2), np.nan)), 'NaN or infinity')])
def test_what_no_estimator_can_learn_from(change, message):
    rng = np.random.default_rng(0)
    case = dict(name='ridge', views=rng.normal(size=(30, 2)), small=rng.random(30), large=rng.random(30)) | change
    with pytest.raises(InputError, match=message):
        fit_estimator(case['name'], case['views'], case['small'], case['large'])


@pytest.mark.parametrize('name,small,large,others,message', [
    ('head-strict', (30, 10), (30, 5), None, '10 samples of the small model and 5 of the large one'),
    ('factors', (30, 1), (30, 1), np.full((30, 1), np.nan), 'other models'),
    ('factors', (30, 1), (30, 1), np.zeros((29, 1)).tolist(), 'shape .29, 1. for 30 tasks'),
    ('ridge', (0, 1), (0, 1), None, 'no task to learn from')])
def test_samples_and_models_that_do_not_fit(name, small, large, others, message):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(small[0], 2))
    with pytest.raises(InputError, match=message):
        fit_estimator(name, dict(prompt=x, sentence=x), rng.random(small), rng.random(large), others)


@pytest.mark.parametrize('name', [name for name in LEARNING if name.startswith('head')])
def test_samples_without_partner_are_no_label(name):
    rng = np.random.default_rng(0)
    small, large = rng.random((2, 30, 6))
    small[:, 3:], large[:, :3] = np.nan, np.nan
    views = {view: rng.normal(size=(30, 2)) for view in VIEWS}
    assert np.isfinite(fit_estimator('ridge', views, small, large).score(views)).all()
    with pytest.raises(InputError, match='30 tasks have no sample that both models have'):
        fit_estimator(name, views, small, large)


def test_nothing_to_learn():
    x = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(NothingToLearn, match='one class'):
        fit_estimator('head-inclusive', x, np.linspace(0, 1, 30), np.zeros(30))
    third = np.arange(30)%3
    for name in ('ridge', 'head-shifted'): # 1-2/3 and 1/3-0 differ in the last digit
        with pytest.raises(NothingToLearn): fit_estimator(name, x, (third+1)/3, third/3)


def test_many_tasks_do_not_need_a_square_of_them():
    x = np.random.default_rng(0).normal(size=(2600, 3)).astype(np.float32)
    views = dict(prompt=x, sentence=x)
    first, second = (fit_estimator('kernel', views, x[:, 0], np.zeros(2600)) for _ in range(2))
    assert len(first.state['dual'])==Kernel.most==2000==Forest.most
    assert np.corrcoef(first.score(views), x[:, 0])[0, 1]>.95
    assert (first.state['prompt.x']==second.state['prompt.x']).all()


@pytest.mark.skipif(tuple(map(int, sklearn.__version__.split('.')[:2]))<(1, 9),
                    reason='older versions of scikit-learn draw the examples of a tree in another way')
@pytest.mark.parametrize('n,most', [(40, 40), (120, 70)])
def test_trees_are_those_of_scikit_learns_forest(n, most):
    rng = np.random.default_rng(n)
    x, weight = rng.normal(size=(n, 6)).astype(np.float32), rng.choice([.5, 1.], n)
    y = x[:, 0]+rng.normal(size=n)
    theirs = RandomForestRegressor(100, min_samples_leaf=10, max_features=.3, max_samples=most, random_state=7)
    theirs.fit(x, y, sample_weight=weight)
    for one,other in zip(theirs.estimators_, forest_trees(x, y, weight, most, 7), strict=True):
        for name in ('feature', 'threshold', 'value'):
            assert np.array_equal(getattr(one.tree_, name), getattr(other, name))


def test_parts_are_fitted_once(monkeypatch):
    rng, counts = np.random.default_rng(0), Counter()
    views = {name: rng.normal(size=(60, 3)).astype(np.float32) for name in ('prompt', 'sentence', 'hand')}
    small, large = (rng.random((60, 1)) for _ in range(2))
    for name in ('kernel', 'forest'):
        def counted(self, examples, seed, fit=ESTIMATORS[name]._fit, name=name):
            counts[name] += 1
            return fit(self, examples, seed)
        monkeypatch.setattr(ESTIMATORS[name], '_fit', counted)
    alone, fits = fit_examples('stack', Examples(views, small, large), 3), {}
    shared = [fit_examples(name, Examples(views, small, large, fits=fits), 3) for name in ('kernel', 'stack', 'forest')]
    assert counts==dict(kernel=2, forest=2) and sorted(fits)==['forest', 'kernel']
    assert shared[1].score(views).tolist()==alone.score(views).tolist() and shared[2] is fits['forest']
