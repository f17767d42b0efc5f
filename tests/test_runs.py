"Profiles and pairs, the run directory and its record, what a price may be."
import subprocess

import numpy as np
import pandas as pd
import pytest

from llmr import runs
from llmr.core import InputError
from llmr.runs import check_price, check_prices, get_pairs, get_profile, open_run, with_models

MODELS = ('A', 'B')
GAP = dict(task_id=[11], split='test', pair='8B-70B', quality='standard', sample=0, gap=1/3)


def test_floats_come_back_bit_for_bit(tmp_path):
    run, exponents = open_run('toy', tmp_path), np.random.default_rng(1).integers(-300, 300, 200)
    values = np.random.default_rng(0).normal(size=200)*10.**exponents
    run.write('gaps', pd.DataFrame(GAP | dict(task_id=range(200), gap=values)))
    assert (run.read('gaps').gap.to_numpy()==values).all()


def test_a_refused_table_leaves_the_old_one(tmp_path):
    run = open_run('toy', tmp_path)
    run.write('gaps', pd.DataFrame(GAP))
    before = (tmp_path/'gaps.parquet').read_bytes()
    with pytest.raises(InputError): run.write('gaps', pd.DataFrame(GAP | dict(split='dev')))
    assert (tmp_path/'gaps.parquet').read_bytes()==before and not list(tmp_path.glob('.*parquet'))


def test_a_damaged_table_is_named(tmp_path):
    run = open_run('toy', tmp_path)
    run.write('gaps', pd.DataFrame(GAP))
    (tmp_path/'gaps.parquet').write_bytes((tmp_path/'gaps.parquet').read_bytes()[:100])
    with pytest.raises(InputError, match='gaps.parquet: not a readable Parquet file'): run.read('gaps')
    with pytest.raises(InputError, match='scores.parquet: not there'): run.read('scores')


def test_a_missing_table_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match='Give run_dir the directory of a run'): open_run('shipped').read('gaps')
    with pytest.raises(InputError, match=f'llmr reproduce --profile toy --out {tmp_path}'):
        open_run('toy', tmp_path).read('gaps')


def test_the_commit_is_that_of_the_source_tree_alone(tmp_path, monkeypatch):
    start = ['git', '-C', tmp_path, '-c', 'user.name=x', '-c', 'user.email=x@x']
    git = lambda *words: subprocess.run([*start, *words], check=True, capture_output=True)
    package = tmp_path/'.venv'/'llmr'
    package.mkdir(parents=True)
    (package/'__init__.py').write_text('')
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'of another project')
    monkeypatch.setattr(runs, 'files', lambda name: package)
    assert runs._git_commit()==''
    git('add', '-f', package/'__init__.py')
    assert len(runs._git_commit())==40
    monkeypatch.setenv('PATH', str(tmp_path))
    assert runs._git_commit()==''


def test_a_run_belongs_to_one_profile(tmp_path):
    open_run('toy', tmp_path)
    before = (tmp_path/'run.json').read_bytes()
    with pytest.raises(InputError, match="of profile 'toy', not 'shipped'"): open_run('shipped', tmp_path)
    assert (tmp_path/'run.json').read_bytes()==before


@pytest.mark.parametrize('text', ['{"profile": "toy", "sta', '[]', '{"profile": "toy"}', 'null'])
def test_a_damaged_record_is_named(tmp_path, text):
    (tmp_path/'run.json').write_text(text)
    with pytest.raises(InputError, match='run.json: not'): open_run('toy', tmp_path)
    assert (tmp_path/'run.json').read_text()==text


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path/'file').write_text('')
    with pytest.raises(InputError, match='cannot be made'): open_run('toy', tmp_path/'file'/'run')


@pytest.mark.parametrize('arguments,told', [
    (('tiny',), "unknown profile 'tiny'; choose from toy, shipped"),
    (('toy', None, ['small-D']), "unknown pair 'small-D' in profile toy .no model 'D'.; choose from small-large"),
    (('toy', None, ['large-small']), 'small first'), (('toy', None, None, -1), 'seed -1'),
    (('toy', None, None, 1.5), 'seed 1.5'), (('toy', None, None, 2**31), 'seed 2147483648')])
def test_unknown_names(arguments, told):
    with pytest.raises(InputError, match=told): open_run(*arguments)


def test_pairs_are_taken_once_and_in_order():
    pairs = get_pairs(get_profile('shipped'), ['1B-70B', '1B-8B', '1B-70B'])
    assert [pair.name for pair in pairs]==['1B-70B', '1B-8B']


def test_models_and_pairs_of_a_line(tmp_path):
    folders = [tmp_path/'me@home'/name for name in ('small', 'large')]
    for folder in folders: folder.mkdir(parents=True)
    assert with_models(get_profile('sampled'), folders).models==('small', 'large')
    named = with_models(get_profile('sampled'), ['org/a-1@main', 'org/b-2'])
    assert named.models==('a-1', 'b-2')
    with pytest.raises(InputError, match='two pairs would both be named a-b-c'):
        with_models(get_profile('sampled'), ['a', 'b-c', 'a-b', 'c'])
    with pytest.raises(InputError, match="unknown pair 'a-1-b-3' in profile sampled; choose from a-1-b-2"):
        get_pairs(named, ['a-1-b-3'])


@pytest.mark.parametrize('prices,message', [
    (dict(A=1), "model 'B' has no price; there are 'A'. Give one for each of A, B"),
    ({}, "model 'A' has no price; there are none"),
    (dict(A=-1, B=2), "price of 'A' is -1: must be a number from 0"),
    (dict(A=float('nan'), B=2), 'must be a number from 0'),
    (dict(A=float('inf'), B=2), 'must be a number from 0'),
    (dict(A='1', B=2), "price of 'A' is '1': must be a number from 0"),
    (dict(A=True, B=2), 'must be a number from 0'),
    (dict(A=0, B=0), 'every price is 0: A, B cannot be compared on cost'),
    (['A', 'B'], r"prices are \['A', 'B'\]: must name a price for each of A, B"),
    (None, 'prices are None')])
def test_a_wrong_price_is_refused(prices, message):
    with pytest.raises(InputError, match=message): check_prices(prices, MODELS)


def test_prices_come_back_as_numbers_of_the_models_asked_for():
    assert check_prices(dict(A=0, B=np.float64(2.), C='not looked at'), MODELS)==dict(A=0., B=2.)
    assert check_price(0, 'A')==0. and isinstance(check_price(0, 'A'), float)


def test_a_price_of_an_unknown_model():
    with pytest.raises(InputError, match="price of unknown model 'D'; choose from A, B"):
        check_prices(dict(A=1, B=2, D=3), MODELS, allow_others=False)
