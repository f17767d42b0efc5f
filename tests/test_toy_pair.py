"The toy pair: its benchmark, its training texts, its two models, and the notebook that makes them."
import json

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import NBS
from transformers import AutoModelForCausalLM, AutoTokenizer

from llmr.core import check_table, package_file
from llmr.execution import execute
from llmr.problem import format_prompt

NOTEBOOK = NBS/'experiments'/'toy_pair.ipynb'
MODELS = ('small', 'large')


@pytest.fixture(scope='module')
def defined():
    "What the notebook defines above `## Run`."
    space = {'__name__': 'toy_pair'}
    for cell in json.loads(NOTEBOOK.read_text(encoding='utf-8'))['cells']:
        if ''.join(cell['source']).startswith('## Run'): return space
        if cell['cell_type']=='code': exec(''.join(cell['source']), space)


@pytest.fixture(scope='module')
def tasks(): return check_table('tasks', pd.read_parquet(package_file('toy/pair_tasks.parquet')))


@pytest.fixture(scope='module')
def solutions(): return pd.read_parquet(package_file('toy/pair_solutions.parquet'))


@pytest.fixture(scope='module', params=MODELS)
def loaded(request):
    "`(name, model, tokenizer)` of one model."
    folder = package_file(f'toy/models/{request.param}')
    return request.param, AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def completions_of(solutions, codes):
    rows = dict(task_id=solutions.task_id, model='solution', sample=0, text='', code=list(codes), n_tokens=0)
    return pd.DataFrame(dict(rows, finish_reason='stop'))


def test_the_benchmark_is_what_the_notebook_draws(defined, tasks, solutions):
    drawn, about = defined['draw_benchmark']()
    pd.testing.assert_frame_equal(drawn, tasks)
    pd.testing.assert_frame_equal(about, solutions)
    assert tasks.split.value_counts().to_dict()==dict(test=240, train=160, validation=60)
    assert solutions.groupby('skill').size().eq(115).all()


def test_no_composition_is_in_two_splits(defined, tasks, solutions):
    assert solutions.composition.is_unique and tasks.text.is_unique
    assert (solutions.composition.map(defined['side'])==tasks.split).all()


@pytest.mark.parametrize('name', MODELS)
def test_no_task_is_among_the_training_texts(defined, tasks, solutions, name, request):
    "In every 24th part of the texts, or in all with `--all`."
    def spelt_out(program):
        "The body, its last step on a line of its own."
        *steps, last = program.partition('\n')[2].split('\n')
        return '\n'.join([*steps, last.strip().removeprefix('return ')])
    benchmark, sentences = set(map(spelt_out, solutions.solution)), set(tasks.text)
    plan = defined['PLANS'][name]
    for shard in range(0, plan.shards, 1 if request.config.getoption('--all') else 24):
        for prompt,completion in defined['pool_texts'](plan._replace(spelt_out=0.), shard):
            program = completion.removesuffix('\n```').strip()
            assert spelt_out(program) not in benchmark, prompt
            assert prompt.partition('. Your')[0]+'.' not in sentences


def test_every_drawn_text_is_of_the_pool(defined):
    rng, keys = np.random.default_rng(5), set()
    for skill in defined['SKILLS']:
        for depth in (1, 2, 3, 4):
            drawn = [defined['draw_task'](rng, skill, depth, 'pool') for _ in range(100)]
            keys |= {task['composition'] for task in drawn}
    assert {defined['side'](key) for key in keys}=={'pool'} and len(keys)>800


def test_solutions_pass_and_no_step_can_be_left_out(tasks, solutions):
    outcomes = execute(completions_of(solutions, solutions.solution), tasks)
    assert outcomes.status.eq('ran').all() and (outcomes.n_passed==outcomes.n_tests).all()
    deep = solutions[solutions.depth>1]
    def without_first_step(program):
        "A program less its second line."
        header, _, *rest = program.split('\n')
        return '\n'.join([header, *rest])
    shorter = execute(completions_of(deep, map(without_first_step, deep.solution)), tasks)
    assert (shorter.n_passed<shorter.n_tests).all()


def test_prompts_and_programs_are_short(loaded, tasks, solutions):
    _, _, tokenizer = loaded
    count = lambda texts: max(map(len, tokenizer(list(texts))['input_ids']))
    assert count(format_prompt(row.text, row.tests) for row in tasks.itertuples())<250 and count(solutions.solution)<100


def test_models_are_small_and_say_what_they_are():
    folder = package_file('toy/models')
    assert sum(path.stat().st_size for path in folder.rglob('*'))<12e6
    assert {path.suffix for path in folder.rglob('*') if path.is_file()}<={'.json', '.safetensors', '.md', '.jinja'}
    for name in MODELS: assert 'test pair, not evidence about LLMs' in (folder/name/'README.md').read_text()


def test_a_model_is_a_llama_with_a_prefill(loaded, defined, tasks):
    name, model, tokenizer = loaded
    assert model.config.architectures==['LlamaForCausalLM'] and model.dtype==torch.float32
    assert (3e5<model.num_parameters()<8e5) if name=='small' else (1.5e6<model.num_parameters()<4e6)
    shown = tokenizer.apply_chat_template(defined['chats'](['Do it.'])[0], tokenize=False, continue_final_message=True)
    assert shown=='<|user|>Do it.<|end|><|assistant|>```python'
    assert tokenizer.decode(tokenizer('é漢 {}\n\tx')['input_ids'])=='é漢 {}\n\tx'


def test_the_same_seed_gives_the_same_text(loaded, defined, tasks):
    _, model, tokenizer = loaded
    prompts = [format_prompt(row.text, row.tests) for row in tasks.head(6).itertuples()]
    def written(seed):
        torch.manual_seed(seed)
        return defined['sample_batch'](model, tokenizer, prompts, 4)
    first, again, other = written(1), written(1), written(2)
    assert first==again and first!=other and len(first)==24


@pytest.mark.full
def test_pass_rates_are_in_the_intended_range(defined, tasks, solutions):
    test = tasks[tasks.split=='test']
    completions = pd.concat([defined['complete'](test, package_file(f'toy/models/{name}')) for name in MODELS])
    outcomes = execute(completions, tasks).merge(solutions)
    rate = lambda rows: rows.n_passed.sum()/rows.n_tests.sum()
    small, large = (outcomes[outcomes.model==name] for name in MODELS)
    measured = 'the notebook measured 32% and 61%; another machine draws other samples'
    assert .27<=rate(small)<=.6 and rate(large)-rate(small)>=.2, measured
    assert rate(small[small.depth==4])<rate(small[small.depth<=2])/2
    lead = lambda text: rate(small[(small.skill=='text')==text])-rate(large[(large.skill=='text')==text])
    assert lead(True)>lead(False)+.1, 'the small model must be relatively better at text tasks'


def test_resumed_training_gives_the_same_weights(defined, tmp_path, monkeypatch):
    plan = defined['PLANS']['small']._replace(rates=((0, .1), (.5, 1), (3, 0)), width=32, inner=32, layers=1)
    texts = defined['pool_texts'](plan, 0)[:360]
    tokenizer, names = defined['train_tokenizer'](texts), defined['train'].__globals__
    def part(_, shard, stop=9):
        if shard==stop: raise KeyboardInterrupt
        return texts[120*shard:120*shard+120]
    monkeypatch.setitem(names, 'pool_texts', part)
    whole, losses = defined['train'](plan, tokenizer, tmp_path/'whole.pt')
    monkeypatch.setitem(names, 'pool_texts', lambda *where: part(*where, stop=1))
    with pytest.raises(KeyboardInterrupt): defined['train'](plan, tokenizer, tmp_path/'stopped.pt')
    monkeypatch.setitem(names, 'pool_texts', part)
    resumed, resumed_losses = defined['train'](plan, tokenizer, tmp_path/'stopped.pt')
    assert resumed_losses==losses and losses[2]<losses[0]
    assert all(torch.equal(a, b) for a,b in zip(whole.parameters(), resumed.parameters()))
