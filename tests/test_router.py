"The router: heads of a run, routers that are saved and loaded, what can be routed, and what an import costs."
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from llmr import cli
from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.estimators import fit_estimator
from llmr.features import embed, task_copies, task_features, task_versions
from llmr.head import Hyperparameters, build_head, head_scores, head_state, train_head
from llmr.problem import format_prompt
from llmr.router import ESTIMATORS, Examples, Router, StrictHead, fit_head, fit_heads, hides_tests


@pytest.fixture(scope='module')
def toy(): return load_tasks('toy')


@pytest.fixture(scope='module')
def features(toy): return task_features(toy, 'hashing')


@pytest.fixture(scope='module')
def ridge(toy, features):
    "A router that was fitted on the toy tasks."
    x = task_versions(features, toy.task_id)[:, 0]
    fitted = fit_estimator('ridge', x, toy.text.str.contains('add')*1., np.full(len(toy), .5))
    return Router(fitted, 'hashing', dict(pair='A-B', widths=dict(prompt=256), thresholds={'0.6': .1}))


@pytest.fixture
def folder(ridge, tmp_path):
    "Its directory."
    ridge.save(tmp_path/'router')
    return tmp_path/'router'


def untrained(width):
    "The state of a head before training."
    return head_state(build_head(width).parameters(), np.zeros(width), np.ones(width))


# ---- what an import costs

HEAVY = ('torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'matplotlib', 'seaborn', 'nltk',
         'nlpaug', 'papermill', 'IPython', 'vllm', 'safetensors.torch')
LIGHT = {'fastcore', 'filelock', 'packaging', 'platformdirs', 'pooch', 'pyarrow', 'safetensors', 'threadpoolctl',
         'tqdm'}


@pytest.mark.parametrize('module', ('rewording', 'features', 'head', 'router', 'estimators'))
def test_an_import_loads_nothing_heavy(module):
    code = f'import sys, json, llmr.{module}; print(json.dumps(list(sys.modules)))'
    loaded = json.loads(subprocess.run([sys.executable, '-c', code], capture_output=True, check=True).stdout)
    assert not set(HEAVY) & set(loaded)


def test_what_importing_the_router_may_load():
    "Beyond what pandas loads: the packages named here."
    listing = 'import sys, json; print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))'
    loaded = []
    for module in ('pandas', 'llmr.router'):
        command = [sys.executable, '-c', f'import {module}; {listing}']
        loaded.append(set(json.loads(subprocess.run(command, capture_output=True, check=True).stdout)))
    more = {name for name in loaded[1]-loaded[0]-set(sys.stdlib_module_names) if not name.startswith('_')}
    assert more-LIGHT=={'llmr'}


def test_loading_a_router_finds_its_estimator(folder):
    "Estimators beyond the paper's heads are imported when a router needs one."
    code = f'''
import sys
from llmr.router import Router
assert "llmr.estimators" not in sys.modules
router = Router.load({str(folder)!r})
router.score(["add two numbers"])
assert "torch" not in sys.modules
print(router.estimator.name)'''
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, check=True, text=True)
    assert done.stdout.strip()=='ridge'


# ---- heads of a run

def test_a_label_without_features_is_named(toy, features):
    labels = toy[['task_id', 'split']].assign(y=.5, label='strict')
    with pytest.raises(InputError, match='task 5 has no features'): fit_head(labels, features[features.task_id!=5])
    with pytest.raises(InputError, match='no label is of split validation'):
        fit_head(labels[labels.split!='validation'], features)
    with pytest.raises(InputError, match="unknown estimator 'head-magic'"):
        fit_head(labels.assign(label='magic'), features)


def test_heads_train_on_copies_where_all_train_tasks_have_them(toy):
    few = toy.groupby('split').head(12)
    labels = few[['task_id', 'split']].assign(y=np.linspace(0, 1, len(few)), label='strict')
    features = task_features(few, 'hashing')
    both = pd.concat([features, task_copies(few, 'hashing', 'spelling')])
    first = few.task_id[few.split=='train'].iloc[0]
    frames = dict(plain=features, copies=both, one_without=both[(both['copy']==0) | (both.task_id!=first)])
    scores = {name: fit_head(labels, frame)[2].score for name,frame in frames.items()}
    assert (scores['plain']!=scores['copies']).any() and len(scores['copies'])==len(few)
    assert (scores['one_without']==scores['plain']).all()
    assert task_versions(both, few.task_id).shape[1]==1
    assert task_versions(both, few.task_id[few.split=='train']).shape[1]==4


def test_heads_of_equal_labels_are_trained_once(toy, features, monkeypatch):
    import llmr.router as module
    real, calls, progress = module.train_head, [], []
    monkeypatch.setattr(module, 'train_head', lambda *given: calls.append(1) or real(*given))
    rows = toy[['task_id', 'split']].assign(y=toy.text.str.contains('add')*1., pair='A-B')
    other = rows.y.where(rows.index!=rows.index[0], .5)
    wanted = [('standard', 'strict', rows.y), ('standard', 'inclusive', rows.y), ('standard', 'shifted', other),
              ('brevity', 'inclusive', rows.y), ('brevity', 'shifted', rows.y)]
    labels = pd.concat([rows.assign(quality=quality, label=label, y=y) for quality,label,y in wanted])
    heads, losses, scores = fit_heads(labels, features, ['A-B'], Hyperparameters(epochs=1),
                                      on_progress=lambda done, total: progress.append((done, total)))
    assert len(calls)==2 and progress==[(n, 5) for n in range(1, 6)]
    assert [head.name for head in heads.values()]==[f'head-{label}' for _,label,_ in wanted]
    rows = labels[(labels['quality']=='brevity') & (labels.label=='shifted')]
    alone = fit_head(rows, features, Hyperparameters(epochs=1))
    shifted = scores[(scores['quality']=='brevity') & (scores.router=='head-shifted')]
    assert shifted.score.tolist()==alone[2].score.tolist()
    assert losses[losses.router=='constant']['quality'].tolist()==['standard']*2+['brevity']*2


def test_an_estimator_of_a_head_reads_copies():
    x = np.random.default_rng(0).normal(size=(240, 12)).astype(np.float32)
    small, large = (x[:, :1]>0).astype(float), np.full((len(x), 1), .5)
    views = dict(prompt=x)
    copies = np.stack([x+.3, x-.3], 1)
    plain, with_copies = (fit_estimator('head-strict', some, small, large).score(views)
                          for some in (views, views | dict(copies=copies)))
    assert (plain!=with_copies).any() and np.corrcoef(with_copies, x[:, 0])[0, 1]>.8


def test_samples_weigh_by_their_number():
    weight = Examples({}, np.array([[1.]*10, [1.]+[np.nan]*9]), np.zeros((2, 10))).weight
    assert weight[0]==1 and weight[1]==pytest.approx((.5+.1)/(.5+1))


def test_a_third_is_a_third_in_labels():
    "1-2/3 and 1/3-0 differ in the last digit, and no label may come of it."
    passed = np.arange(30)%3
    small, large = (passed+1)/3, passed/3
    small[0] = large[0]
    labels = ESTIMATORS['head-shifted']().labels(Examples({}, small[:, None], large[:, None]))
    assert labels.tolist()==[0.]+[1.]*29


# ---- a router that can be saved

def test_a_head_comes_back(tmp_path, features):
    x = np.stack(features.vector).astype(np.float32)
    y = np.linspace(0, 1, len(x))
    state, _ = train_head((x, y), (x, y), Hyperparameters(epochs=1))
    Router(StrictHead(state), 'hashing', dict(pair='A-B', widths=dict(prompt=256))).save(tmp_path/'router')
    again = Router.load(tmp_path/'router')
    prompts = [format_prompt(text, []) for text in ('Write a function to add 3.', 'Write a function.')]
    assert (again.score(prompts)==head_scores(state, embed(prompts, 'hashing').astype(np.float16))).all()
    assert again.card['pair']=='A-B' and again.route(prompts, 0.).all() and not again.route(prompts, 1.).any()


def test_every_router_has_the_same_card(ridge, folder, tmp_path):
    Router(StrictHead(untrained(256)), 'hashing', ridge.card).save(tmp_path/'head')
    cards = [json.loads((path/'router.json').read_text()) for path in (folder, tmp_path/'head')]
    assert [card.pop('estimator') for card in cards]==['ridge', 'head-strict']
    assert cards[0].pop('weights_hash')!=cards[1].pop('weights_hash') and cards[0]==cards[1]


@pytest.mark.parametrize('name,content', [
    ('router.json', '{"enc'), ('head.safetensors', 'x'), ('router.json', None), ('head.safetensors', None)])
def test_a_damaged_router_is_named(folder, name, content):
    if content is None: (folder/name).unlink()
    else: (folder/name).write_text(content)
    with pytest.raises(InputError, match='not a router directory'): Router.load(folder)


def put(folder, **values):
    "Change values of a router's card."
    (folder/'router.json').write_text(json.dumps(json.loads((folder/'router.json').read_text()) | values))


def spoil(folder):
    "One weight of a router becomes NaN."
    state = load_file(folder/'head.safetensors')
    state['coef'][3] = np.nan
    save_file(state, folder/'head.safetensors')


def spoil_without_hash(folder):
    "The same, and the card has no hash."
    spoil(folder)
    put(folder, weights_hash=None)


@pytest.mark.parametrize('damage,message', [
    (spoil, 'head.safetensors is damaged'), (spoil_without_hash, 'NaN or infinity'),
    (lambda d: put(d, estimator='magic'), "unknown estimator 'magic'; choose from head-strict"),
    (lambda d: put(d, estimator=['os']), 'not a router directory'), (lambda d: put(d, encoder=5), 'its encoder is 5'),
    (lambda d: put(d, thresholds={'0.6': 'x'}), "0.6 is 'x'"),
    (lambda d: put(d, thresholds=[.1]), 'not a router directory'),
    (lambda d: put(d, thresholds={'0.6': float('nan')}), '0.6 is nan'),
    (lambda d: put(d, widths=dict(prompt=10**12)), 'not a router directory'),
    (lambda d: put(d, widths=dict(prompt=99)), 'not a router directory')])
def test_a_corrupted_router_directory(folder, damage, message):
    damage(folder)
    with pytest.raises(InputError, match=message): Router.load(folder)
    assert cli.main(['route', '--router', str(folder), 'x'])==2


def test_a_router_that_cannot_be_written_spares_the_old_one(folder, monkeypatch):
    router, before = Router.load(folder), {path.name: path.read_bytes() for path in folder.iterdir()}
    def full(state, path):
        path.write_bytes(b'half')
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr('llmr.router.save_file', full)
    with pytest.raises(InputError, match='No space left'): router.save(folder)
    assert all((folder/name).read_bytes()==content for name,content in before.items())


def test_a_kill_between_its_two_files_leaves_no_mixed_router(folder, monkeypatch):
    "The weights of one router with the thresholds of another would route, and wrongly."
    other = Router.load(folder)
    other.estimator.state['coef'] = -other.estimator.state['coef']
    def killed(*given): raise KeyboardInterrupt
    monkeypatch.setattr('llmr.router.write_json', killed)
    with pytest.raises(KeyboardInterrupt): other.save(folder)
    with pytest.raises(InputError, match='of another router than router.json'): Router.load(folder)


# ---- what can be routed

def test_a_router_refuses_another_encoder():
    router = Router(StrictHead(untrained(8)), 'hashing', dict(widths=dict(prompt=8)))
    with pytest.raises(InputError, match='256 features and the router takes 8'): router.score(['a'])


def test_a_bare_prompt_is_scored_as_the_router_was_trained(folder):
    router, text, test = Router.load(folder), 'add two numbers 3', 'assert f(3) == 3'
    bare = router.score([text, f'{text}\n{test}']).tolist()
    assert bare==router.score([format_prompt(text, []), format_prompt(text, [test])]).tolist()
    router.card['hidden_tests'] = True
    assert router.score([text]).tolist()==router.score([format_prompt(text, ['def check(f): ...'])]).tolist()


def test_hidden_tests_are_hidden_in_prompts():
    for tests in (['def check(f): ...'], ['assert f()'], []):
        tasks = pd.DataFrame(dict(tests=[tests]*2))
        assert hides_tests(tasks)==('satisfy the following tests' not in format_prompt('add', tests))
    assert not hides_tests(load_tasks('shipped'))


def test_prompts_that_cannot_be_routed(ridge):
    for prompts,message in (('add', 'one text where a list'), (['add', None], 'prompt 1 is None'), ([], 'no text')):
        with pytest.raises(InputError, match=message): ridge.score(prompts)
    with pytest.raises(InputError, match='tau is NaN'): ridge.route(['add'], float('nan'))
    assert np.isfinite(ridge.score(['', 'a\udcff', '你好', 'x y '*12_500])).all()
