"Own tables: what is read, and what is refused by file, row and value."
import json

import pandas as pd
import pytest
from own_files import change_rows, own_files, write_rows

from llmr.core import InputError
from llmr.own_tables import read_inputs, read_outcomes, read_own, read_scores
from llmr.runs import Pair

PAIR = Pair('tiny', 'big')
TASK, OUTCOME = '{"task_id": 1, "text": "a"}', '{"task_id": 1, "model": "A", "n_tests": 3, "n_passed": 2}'


@pytest.mark.parametrize('tasks,message', [
    ('task_id', 'tasks.jsonl, line 1: not valid JSON'), ('{"task_id": 1}', "tasks.jsonl: no column 'text'"),
    (f'{TASK}\n{TASK}', 'tasks.jsonl: tasks, row 1: second row for task_id=1'),
    ('{"task_id": 1, "text": null}', 'tasks.jsonl: task 1 has no text'),
    ('{"task_id": 1, "text": "a\\ud83d"}', r'tasks.jsonl, line 1: .*ud83d. is half of a character'),
    ('{"task_id": 1, "text": "a", "tests": "assert f(1)"}', "tasks.jsonl: tests of task 1 are the text 'assert"),
    ('{"task_id": "1", "text": "a"}', "task 1 has outcomes but is not among the tasks of .*, whose first is '1'"),
    ('{"task_id": 1, "text": "a", "split": "dev"}', "'dev' is not one of train, validation, test"),
    (TASK+'\n{"task_id": null, "text": "b"}', 'tasks.jsonl, row 1: task_id is empty. The first row is row 0')])
def test_own_tasks_that_are_wrong(tmp_path, tasks, message):
    (tmp_path/'tasks.jsonl').write_text(tasks)
    (tmp_path/'outcomes.jsonl').write_text(OUTCOME)
    with pytest.raises(InputError, match=message): read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')


@pytest.mark.parametrize('outcomes,message', [
    ('{"task_id": 1}', "outcomes.jsonl: no column 'model'. Outcomes need task_id, model, n_tests, n_passed"),
    (OUTCOME.replace('1', '2', 1), 'outcomes.jsonl: task 2 has outcomes but is not among the tasks'),
    (OUTCOME.replace('3', '1'), 'outcomes.jsonl, row 0: 2 of 1 tests passed'),
    (OUTCOME.replace('3', '1'+'0'*30), 'outcomes.jsonl, row 0: n_tests is 1'),
    *((OUTCOME.replace('2}', f'{value}}}'), f'outcomes.jsonl, row 0: n_passed is {shown}, and should be a whole number')
      for value,shown in (('null', '(None|nan)'), ('0.5', '0.5'), ('"2"', "'2'"), ('NaN', 'nan'),
                          ('Infinity', 'inf')))])
def test_own_outcomes_that_are_wrong(tmp_path, outcomes, message):
    (tmp_path/'tasks.jsonl').write_text(TASK)
    (tmp_path/'outcomes.jsonl').write_text(outcomes)
    with pytest.raises(InputError, match=message): read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')


def test_a_task_has_one_split(tmp_path):
    write_rows(tmp_path/'tasks.jsonl', [json.loads(TASK) | dict(split='test')])
    write_rows(tmp_path/'outcomes.jsonl', [json.loads(OUTCOME) | dict(split='train')])
    with pytest.raises(InputError, match='outcomes.jsonl: task 1 has another split than in .*tasks.jsonl'):
        read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')


def test_own_tables_of_any_make(tmp_path):
    "Empty cells, a byte order mark, columns beyond the needed, an index that pandas kept, rows that were filtered."
    (tmp_path/'tasks.jsonl').write_bytes(
        b'\xef\xbb\xbf{"task_id": "a", "text": "x", "tests": null, "setup": null}\n\n'
        b'{"task_id": "b", "text": "", "tests": ["assert f()"], "colour": 1}')
    rows = pd.DataFrame([dict(task_id=task_id, model=model, n_tests=1, n_passed=True, status=None, colour='red')
                         for task_id in 'cab' for model in 'AB'])
    rows[rows.task_id!='c'].set_index('task_id').to_parquet(tmp_path/'named.parquet')
    rows[rows.task_id!='c'].to_parquet(tmp_path/'filtered.parquet')
    for name in ('named', 'filtered'):
        tasks, outcomes = read_own(tmp_path/'tasks.jsonl', tmp_path/f'{name}.parquet')
        assert [list(tests) for tests in tasks.tests]==[[], ['assert f()']] and tasks.setup.tolist()==['', '']
        assert len(outcomes)==4 and (outcomes.n_passed==1).all()
        assert (outcomes.status=='ran').all() and (outcomes.split=='train').all()


def test_the_split_of_the_outcomes_keeps_test_tasks_out(tmp_path):
    write_rows(tmp_path/'tasks.jsonl', [dict(task_id=i, text=f'x{i}') for i in range(3)])
    row = dict(n_tests=1, n_passed=1)
    write_rows(tmp_path/'outcomes.jsonl', [row | dict(task_id=i, model=model, split=split)
                                           for i,split in enumerate(('train', 'test')) for model in 'AB'])
    assert read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')[0].split.tolist()==['train', 'test', 'train']


def test_outcomes_without_a_split_are_test_tasks(tmp_path):
    _, outcomes = own_files(tmp_path, 3)
    assert (read_outcomes(outcomes).split=='test').all()
    change_rows(outcomes, lambda number, row: dict(split='train'))
    assert (read_outcomes(outcomes).split=='train').all()


def test_scores_written_as_text_are_numbers(tmp_path):
    write_rows(tmp_path/'s.jsonl', [dict(task_id=i, score=score) for i,score in enumerate(('0.10', 1, True))])
    assert read_scores(tmp_path/'s.jsonl', PAIR).score.tolist()==[.1, 1., 1.]


@pytest.mark.parametrize('rows,router,message', [
    ([dict(task_id=7, score=.5)]*2, None, 'task 7 has two scores. Keep one'),
    ([dict(task_id=7, score='high')], None, "the score of task 7 is 'high', which is not a finite number"),
    ([dict(task_id=7, score=None)], None, 'the score of task 7 is None, which is not a finite number'),
    ([dict(task_id=7)], None, "no column 'score'. Scores need task_id, score"),
    ([dict(task_id=7, score=1, router=name) for name in 'ab'], None, 'several routers for tiny-big; choose from a, b'),
    ([dict(task_id=7, score=1, router=name) for name in 'ab'], 'c', "no router 'c' for tiny-big; choose from a, b"),
    ([dict(task_id=7, score=1, pair='x-y')], None, 'no score of tiny-big')])
def test_scores_that_are_wrong(tmp_path, rows, router, message):
    write_rows(tmp_path/'s.jsonl', rows)
    with pytest.raises(InputError, match=f's.jsonl: {message}'): read_scores(tmp_path/'s.jsonl', PAIR, router)


def test_one_prompt_in_two_splits_is_refused_and_in_one_is_a_group(tmp_path):
    row = dict(n_tests=1, n_passed=1)
    for splits in (('train', 'test'), ('train', 'train')):
        write_rows(tmp_path/'tasks.jsonl', [dict(task_id=i, text='the same', split=split) for i,
                                            split in enumerate(splits)])
        write_rows(tmp_path/'outcomes.jsonl', [row | dict(task_id=i, model=model) for i in range(2) for model in 'AB'])
        if splits[0]==splits[1]: assert read_own(tmp_path/'tasks.jsonl',
                                                 tmp_path/'outcomes.jsonl')[1].group.nunique()==1
        else:
            with pytest.raises(InputError, match='have the same prompt'): read_own(tmp_path/'tasks.jsonl',
                                                                                   tmp_path/'outcomes.jsonl')


def test_programs_need_a_benchmark_and_are_executed_on_it(tmp_path, monkeypatch):
    monkeypatch.setattr('llmr.own_tables._program_cache', lambda: tmp_path/'programs.sqlite')
    write_rows(tmp_path/'tests.jsonl', [dict(task_id=i, text=f'add {i}', tests=[f'assert add(1) == {1+i}'])
                                        for i in range(3)])
    for name,code in (('a', 'def add(x): return x+1'), ('b', 'def add(x): return x')):
        write_rows(tmp_path/f'{name}.jsonl', [dict(task_id=i, solution=code) for i in range(3)])
    files = [tmp_path/'a.jsonl', tmp_path/'b.jsonl']
    with pytest.raises(InputError, match='3 programs without verdicts. Give the benchmark'): read_inputs(files[:1])
    outcomes = read_inputs(files, benchmark=str(tmp_path/'tests.jsonl')).outcomes
    assert outcomes.n_passed.tolist()==[0, 1, 0, 1, 0, 0] and (outcomes.n_tests==1).all()
    monkeypatch.setattr('llmr.execution.run_programs', lambda *_: pytest.fail('a program ran again'))
    assert read_inputs(files, benchmark=str(tmp_path/'tests.jsonl')).outcomes.equals(outcomes)


def test_how_a_program_ended_is_no_verdict(tmp_path):
    "llmr's own outcomes have a column `status` beside the counts of tests."
    rows = [dict(task_id=task, model=model, sample=0, n_tests=2, n_passed=passed, status=status)
            for task,(passed, status) in enumerate([(2, 'ran'), (0, 'timeout'), (1, 'ran')]) for model in 'AB']
    pd.DataFrame(rows).to_parquet(tmp_path/'outcomes.parquet')
    assert read_inputs([str(tmp_path/'outcomes.parquet')]).outcomes.n_passed.tolist()==[2, 2, 0, 0, 1, 1]
