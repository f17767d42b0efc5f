"The paper's rewording: which words of a task may change, and which must stay."
import random

import numpy as np
import pandas as pd
import pytest

from llmr.benchmarks import load_tasks
from llmr.core import InputError
from llmr.rewording import _reworded, augment, fixed_words, wordnet_folder


@pytest.fixture(scope='module')
def tasks():
    toy = load_tasks('toy')
    return toy[~toy.text.str.contains("'")].head(8).reset_index(drop=True) # nlpaug takes a quoted letter apart


@pytest.fixture(scope='module')
def masked_model(tmp_path_factory, tasks):
    "A small BERT with random weights and a vocabulary of the tasks' words."
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast
    folder = tmp_path_factory.mktemp('bert')
    words = sorted({word.strip('.').lower() for text in tasks.text for word in text.split()})
    (folder/'vocab.txt').write_text('\n'.join(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', *words]))
    tokenizer = BertTokenizerFast(str(folder/'vocab.txt'))
    tokenizer.save_pretrained(folder)
    config = BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=32)
    BertForMaskedLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize('how', ['swap', 'spelling', 'contextual'])
def test_only_the_sentence_changes_and_a_seed_repeats_it(how, tasks, request):
    model = request.getfixturevalue('masked_model') if how=='contextual' else None
    state = random.getstate(), np.random.get_state()[1].tolist()
    once, twice = (augment(tasks, how, factor=3, seed=1, model=model) for _ in range(2))
    assert (random.getstate(), np.random.get_state()[1].tolist())==state
    pd.testing.assert_frame_equal(once, twice)
    assert len(once)==3*len(tasks) and (once.text[once['copy']==0].to_numpy()==tasks.text.to_numpy()).all()
    for column in ('tests', 'setup', 'task_id', 'entry_point'):
        for copy in range(3): assert list(map(str, once[once['copy']==copy][column]))==list(map(str, tasks[column]))
    assert (once.text[once['copy']>0].to_numpy()!=np.tile(tasks.text, 2)).any()
    for row in once.itertuples():
        original = tasks.text[tasks.task_id==row.task_id].item()
        assert all(word.strip('.,:;()') in row.text for word in fixed_words(original, row.tests))


def test_a_letter_or_a_digit_is_kept_as_a_word():
    "A lone n is not kept by the n of `number`, nor 3 by 13, nor one of two by the other."
    class Says:
        def __init__(self, *texts): self.augment = lambda text, said=iter(texts): next(said)
    text, keep = 'take n and 3 of 13, then n', ['n', '3', '13,']
    says = Says('a number and 3 of 13, then n', 'take n and 1 of 13, then n', 'get n and 3 of 13, also N')
    assert _reworded(says, text, keep)=='get n and 3 of 13, also N'
    assert _reworded(Says(*['take a number']*3), text, keep, tries=3)==text


def test_what_is_fixed():
    words = fixed_words('Add x and 3 to my_list, then Stop.', ['assert Stop(my_list) == 3'])
    assert words==['x', '3', 'my_list,', 'Stop.']


@pytest.mark.parametrize('how,model,message', [
    ('magic', None, "unknown augmentation 'magic'; choose from swap"),
    ('contextual', 'no/such-model', 'cannot be loaded')])
def test_an_unknown_method_and_a_missing_model(how, model, message, tasks):
    with pytest.raises(InputError, match=message): augment(tasks, how, model=model)


def test_a_missing_dictionary(tmp_path):
    with pytest.raises(InputError, match='no WordNet here'): wordnet_folder(tmp_path, tmp_path)
