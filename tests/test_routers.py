"Kinds of router, honest selection, own data, other data: what must hold and what must be refused."
import gzip
import json

import numpy as np
import pandas as pd
import pytest

from llmr import cli
from llmr.core import InputError, Pair
from llmr.datasets import load_extract, read_extract, read_own
from llmr.evaluation import gain_over_random
from llmr.problem import format_prompt, load_tasks
from llmr.router import KINDS, VIEWS, Kind, NothingToLearn, Router, embed_cached, fit_router, hand_features, split_prompt
from llmr.routers import CANDIDATES, choose, cross_gains, cross_scores, data_hash, fewer_samples, fit_on, fold_numbers, gain_rows, make_study, nested_scores, train_router


def easy_outcomes(n=60, samples=3, seed=0):
    "Three models: A solves easy tasks, B most, C few. Easiness is the first column of x."
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n), rng.normal(size=(n, 4))]).astype(np.float32)
    rows = [dict(task_id=i, split='train', model=model, sample=s, n_tests=3, n_passed=rng.binomial(3, chance), tests=['passed']*3, errors=['']*3, status='ran', n_tokens=40)
            for i,e in enumerate(x[:, 0]) for model,chance in (('A', e), ('B', .6), ('C', e**2)) for s in range(samples)]
    return x, pd.DataFrame(rows)


@pytest.fixture
def study():
    x, outcomes = easy_outcomes()
    return make_study(outcomes, Pair('A', 'B'), {name: x for name in VIEWS}, np.arange(60), 'made up')


@pytest.mark.parametrize('kind', sorted(set(KINDS)-{'random', 'length', 'oracle'}))
def test_every_kind_learns_the_same_twice_and_comes_back(kind, study, tmp_path):
    once, twice = fit_on(study, kind), fit_on(study, kind)
    scores = once.score(study.views)
    assert scores.dtype==float and scores.shape==(60,) and (scores==twice.score(study.views)).all()
    assert gain_over_random(scores, study.paired)>0
    card = dict(widths={name: 5 for name in VIEWS}, recipe=dict(hidden=384, dropout=.2))
    Router(once, 'hashing', card).save(tmp_path)
    assert (Router.load(tmp_path).head.score(study.views)==scores).all()
    alone = once.score({name: x[:1] for name,x in study.views.items()})
    assert alone==pytest.approx(scores[:1], abs=1e-5)


def test_trees_are_what_sklearn_says():
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from llmr.router import _tree_arrays, _tree_scores
    rng = np.random.default_rng(1)
    x, new = (rng.normal(size=(n, 6)).astype(np.float32) for n in (200, 500))
    y = x[:, 0]*x[:, 1]
    forest = RandomForestRegressor(20, random_state=0).fit(x, y)
    assert _tree_scores(_tree_arrays([t.tree_ for t in forest.estimators_], 1/20), new)==pytest.approx(forest.predict(new), abs=1e-5)
    boosted = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(x, y)
    assert _tree_scores(_tree_arrays([t.tree_ for t in boosted.estimators_[:, 0]], .1), new)+y.mean()==pytest.approx(boosted.predict(new), abs=1e-5)


def test_ridge_is_sklearns_and_a_new_kind_is_a_class():
    class Constant(Kind, name='constant'):
        "Says 1."
        def _fit(self, examples, seed): return dict(one=[1])
        def _score(self, views): return np.repeat(self.state['one'], len(views['prompt']))
    x = np.random.default_rng(0).normal(size=(30, 3))
    try: assert (fit_router('constant', x, x[:, 0], x[:, 1]).score(dict(prompt=x))==1).all()
    finally: del KINDS['constant']
    assert np.corrcoef(fit_router('ridge', x, x[:, 0], x[:, 1]).score(dict(prompt=x)), x[:, 0]-x[:, 1])[0, 1]>.99


def test_samples_weigh_by_their_number():
    from llmr.router import Examples
    weight = Examples({}, np.array([[1.]*10, [1.]+[np.nan]*9]), np.zeros((2, 10))).weight
    assert weight[0]==1 and weight[1]==pytest.approx((.5+.1)/(.5+1))


@pytest.mark.parametrize('change,message', [
    (dict(kind='magic'), 'no kind of router'), (dict(kind='oracle'), "reads view 'gap'"), (dict(small=np.full(30, np.nan)), 'row 0 has no quality of the small model'), (dict(small=np.ones(29)), '29 tasks|one row a task'),
    (dict(small=np.ones(30), large=np.ones(30)), 'nothing to learn'), (dict(views=dict(hand=np.ones((30, 2)))), "reads view 'prompt'"), (dict(views=np.full((30, 2), np.nan)), 'NaN or infinity')])
def test_what_no_router_can_learn_from(change, message):
    rng = np.random.default_rng(0)
    given = dict(kind='ridge', views=rng.normal(size=(30, 2)), small=rng.random(30), large=rng.random(30)) | change
    with pytest.raises(InputError, match=message): fit_router(given['kind'], given['views'], given['small'], given['large'])


def test_a_head_refuses_one_class():
    with pytest.raises(NothingToLearn, match='one class'): fit_router('head-inclusive', np.random.default_rng(0).normal(size=(30, 2)), np.linspace(0, 1, 30), np.zeros(30))


def test_a_prompt_comes_apart():
    for row in load_tasks('toy').itertuples():
        sentence, tests = split_prompt(format_prompt(row.text, row.tests, row.setup))
        assert sentence==row.text.strip() and tests==[test.strip() for test in row.tests]
    assert split_prompt('no tests here')==('no tests here', [])
    assert hand_features(['', 'assert (', 'x'*5000]).notna().all(axis=None)


def test_vectors_are_kept_by_content(tmp_path, monkeypatch):
    import llmr.router as module
    first, seen = embed_cached(['a', 'b'], 'hashing', tmp_path), []
    monkeypatch.setattr(module, 'embed', lambda texts, encoder: seen.append(texts) or np.ones((len(texts), 256), np.float32))
    again = embed_cached(['b', 'c', 'a', 'a'], 'hashing', tmp_path)
    assert seen==[['c']] and (again[[2, 0]]==first).all() and (again[1]==1).all()


def test_embedding_goes_on_after_a_kill(tmp_path, monkeypatch):
    import llmr.router as module
    texts, real, told = ['dddd', 'a', 'ccc', 'bb', 'a'], module.embed, []
    def dies(some, encoder):
        if 'ccc' in some: raise KeyboardInterrupt
        return real(some, encoder)
    monkeypatch.setattr(module, 'embed', dies)
    with pytest.raises(KeyboardInterrupt): embed_cached(texts, 'hashing', tmp_path, chunk=2)
    monkeypatch.setattr(module, 'embed', lambda some, encoder: told.append(some) or real(some, encoder))
    assert (embed_cached(texts, 'hashing', tmp_path)==real(texts, 'hashing')).all() and told==[['ccc', 'dddd']]


def test_the_oracle_is_the_ceiling_and_no_router(study, tmp_path):
    fold = fold_numbers(60, 5, 0)
    gains = {kind: gain_over_random(cross_scores(study, kind, fold), study.paired) for kind in ('oracle', 'kernel', 'random')}
    assert gains['oracle']>gains['kernel']>gains['random']
    x, outcomes = easy_outcomes()
    own = pd.DataFrame(dict(task_id=range(60), benchmark='own', split='train', text='add', tests=[[]]*60, setup='', entry_point=''))
    with pytest.raises(InputError, match='no prompt tells'): train_router(own, outcomes, Pair('A', 'B'), 'hashing', tmp_path/'router', dict(kinds=('oracle',)))
    assert not (tmp_path/'router').exists()


def test_no_task_is_scored_by_a_router_that_saw_it(study):
    fold = fold_numbers(60, 5, 0)
    before = cross_scores(study, 'knn', fold)
    from dataclasses import replace
    turned = study.small.copy()
    turned[fold==0] = 1-turned[fold==0]
    after = cross_scores(replace(study, small=turned), 'knn', fold)
    assert (before[fold==0]==after[fold==0]).all() and not (before==after).all()


def test_choosing_from_noise_is_optimistic():
    "With nothing to learn, the best of many looks better than it is; the nested gain does not."
    rng = np.random.default_rng(3)
    apparent, nested = [], []
    kinds = ('ridge', 'ridge-sentence', 'ridge-ngrams', 'knn', 'random')
    for seed in range(4):
        _, outcomes = easy_outcomes(seed=seed)
        views = {name: rng.normal(size=(60, 5)) for name in VIEWS}
        study = make_study(outcomes, Pair('A', 'B'), views, np.arange(60))
        scores = cross_gains([study], kinds, 1, 4, seed)
        apparent.append(gain_over_random(scores['A-B', choose(scores, [study], kinds)][0], study.paired))
        nested.append(gain_over_random(nested_scores([study], kinds, 4, seed)[0]['A-B', 'nested'][0], study.paired))
    assert np.mean(apparent)>np.mean(nested)


def test_intervals_hold_the_gain_and_the_mean_is_the_mean(study):
    x, outcomes = easy_outcomes()
    other = make_study(outcomes, Pair('C', 'B'), study.views, np.arange(60), 'made up')
    table = gain_rows('made up', [study, other], cross_gains([study, other], ('ridge', 'random'), 2), 'ridge').set_index(['router', 'pair'])
    assert (table.low<=table.gain).all() and (table.gain<=table.high).all()
    assert table.gain['ridge', 'mean']==pytest.approx((table.gain['ridge', 'A-B']+table.gain['ridge', 'C-B'])/2)
    assert list(table.reset_index().columns)==['router', 'pair', 'data', 'selected', 'gain', 'low', 'high']


def test_fewer_samples_change_what_is_learned_not_what_is_scored(study):
    fewer = fewer_samples(study, 1)
    assert fewer.small.shape==(60, 1) and fewer.paired.equals(study.paired)


# ---- own data

def own_files(folder, n=40, drop=None, samples=2):
    "Own tasks and outcomes as JSON lines."
    rng = np.random.default_rng(0)
    tasks = [dict(task_id=f't{i}', text=f'{"add two numbers" if i%2 else "parse brackets"} {i}', tests=[f'assert f({i}) == {i}']) for i in range(n)]
    outcomes = [dict(task_id=f't{i}', model=m, sample=s, n_tests=3, n_passed=int(rng.binomial(3, .9 if m=='big' or i%2 else .2))) for i in range(n) for m in ('tiny', 'big') for s in range(samples) if (i, m)!=drop]
    for name,rows in dict(tasks=tasks, outcomes=outcomes).items(): (folder/f'{name}.jsonl').write_text('\n'.join(map(json.dumps, rows)))
    return folder/'tasks.jsonl', folder/'outcomes.jsonl'


def train(folder, tasks, outcomes, *more):
    return cli.main(['train', str(tasks), str(outcomes), '--small', 'tiny', '--large', 'big', '--encoder', 'hashing', '--kinds', 'ridge', 'knn', '--out', str(folder/'router'), *more])


def test_own_data_from_files_to_a_decision(tmp_path, capsys):
    assert train(tmp_path, *own_files(tmp_path))==0
    assert 'chosen: ' in capsys.readouterr().out
    card = json.loads((tmp_path/'router'/'router.json').read_text())
    assert {'data_hash', 'kind', 'gain_points', 'thresholds', 'widths', 'encoder'}<=set(card) and card['gain_points']['low']<=card['gain_points']['nested']<=card['gain_points']['high']
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--target', '0.4', 'add two numbers 3\nassert f(3) == 3', 'parse brackets 4\nassert f(4) == 4'])==0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer['model'] for answer in answers]==['tiny', 'big'] and answers[0]['score']>answers[1]['score']


@pytest.mark.parametrize('n,drop,more,message', [
    (12, None, (), '12 tasks'), (40, (3, 'tiny'), (), 'no outcome of model tiny'), (40, None, ('--small', 'huge'), "no model 'huge'"), (40, None, ('--kinds', 'magic'), "no kind of router is called 'magic'"),
    (40, None, ('--encoder', 'no/such'), 'cannot be loaded')])
def test_own_data_that_cannot_be_used_leaves_nothing(tmp_path, capsys, n, drop, more, message):
    tasks, outcomes = own_files(tmp_path, n, drop, 1)
    assert train(tmp_path, tasks, outcomes, *more)==2
    assert message in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_models_that_do_not_differ(tmp_path, capsys):
    tasks, outcomes = own_files(tmp_path)
    rows = [json.loads(line) | dict(n_passed=2) for line in outcomes.read_text().splitlines()]
    outcomes.write_text('\n'.join(map(json.dumps, rows)))
    assert train(tmp_path, tasks, outcomes)==2
    assert 'nothing to learn' in capsys.readouterr().err and not (tmp_path/'router').exists()


@pytest.mark.parametrize('damage,message', [(lambda d: (d/'head.safetensors').write_bytes(b'x'), 'not a router directory'), (lambda d: (d/'router.json').write_text('{'), 'not a router directory'),
    (lambda d: (d/'router.json').unlink(), 'not a router directory'), (lambda d: (d/'router.json').write_text((d/'router.json').read_text().replace('"prompt": 256', '"prompt": 99')), 'not a router directory|99')])
def test_a_corrupted_router_directory(tmp_path, capsys, damage, message):
    assert train(tmp_path, *own_files(tmp_path), '--kinds', 'ridge')==0
    damage(tmp_path/'router')
    with pytest.raises(InputError, match=message): Router.load(tmp_path/'router')
    assert cli.main(['route', '--router', str(tmp_path/'router'), 'x'])==2


def test_route_refuses_an_uncalibrated_share(tmp_path, capsys):
    assert train(tmp_path, *own_files(tmp_path), '--kinds', 'ridge')==0
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--target', '0.55', 'x'])==2
    assert 'not calibrated for a share of 0.55' in capsys.readouterr().err
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--tau', '-9', 'x'])==0


@pytest.mark.parametrize('tasks,outcomes,message', [
    ('task_id', '{"task_id": 1}', 'not valid JSON'), ('{"task_id": 1}', '{"task_id": 1}', "no column 'text'"), ('{"task_id": 1, "text": "a"}', '{"task_id": 2, "model": "A", "n_tests": 1, "n_passed": 1}', 'task 2 has outcomes'),
    ('{"task_id": 1, "text": "a"}', '{"task_id": 1, "model": "A", "n_tests": 1, "n_passed": 4}', '4 of 1 tests passed')])
def test_own_tables_that_are_wrong(tmp_path, tasks, outcomes, message):
    (tmp_path/'tasks.jsonl').write_text(tasks)
    (tmp_path/'outcomes.jsonl').write_text(outcomes)
    with pytest.raises(InputError, match=message): read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')


def test_the_hash_of_data_sees_a_value():
    frame = pd.DataFrame(dict(a=[1, 2]))
    assert data_hash([frame])!=data_hash([frame.assign(a=[1, 3])])


# ---- recordings of others

@pytest.mark.parametrize('name,tasks,models,samples', [('humaneval', 164, 3, 10), ('mbpp500', 500, 3, 1), ('routerbench', 427, 11, 1)])
def test_recordings_of_others(recorded_data, name, tasks, models, samples):
    if not (recorded_data/'extracts').is_dir(): pytest.skip('no extracts in the recorded data')
    found, outcomes, costs = load_extract(name)
    assert len(found)==tasks and outcomes.model.nunique()==models==len(costs) and outcomes['sample'].nunique()==samples and len(outcomes)==tasks*models*samples
    assert costs.cost_usd.notna().all()==(name=='routerbench')


@pytest.mark.parametrize('content,message', [(b'x', 'cannot be unpacked'), (gzip.compress(b'{"a'), 'line 1: not valid JSON'), (gzip.compress(b'{"prompt": "a"}'), "no 'task_id'")])
def test_a_damaged_recording_is_named(tmp_path, content, message):
    (tmp_path/'tasks').write_bytes(content)
    with pytest.raises(InputError, match=message): read_extract(tmp_path/'tasks', tmp_path/'tasks')


# ---- the headline

def test_the_candidates_are_kinds(): assert set(CANDIDATES)<=set(KINDS) and 'stack' in CANDIDATES
