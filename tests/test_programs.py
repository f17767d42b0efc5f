"Programs of other tools: which task each is for, what is run, what is refused."
import pandas as pd
import pytest

from llmr.core import InputError
from llmr.programs import execute_programs, find_tasks, place_tasks, program_of

PROMPT = 'Complete this Python function.\n\nimport math\n\n\ndef half(x):\n    """Half of x."""'


def tasks_of(task_ids, benchmark='humaneval', **more):
    return pd.DataFrame(dict(task_id=task_ids, benchmark=benchmark, split='test', text=PROMPT, setup='',
                             tests=[['assert half(4) == 2']]*len(task_ids), entry_point='half') | more)


@pytest.mark.parametrize('benchmark,task_ids,name,row', [
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'HumanEval/11', 1),
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'humaneval_011', 1),
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'HumanEval/11-sample-0', 1),
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'HumanEval/11_3', 1),
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'request-11', None),
    ('humaneval', ['HumanEval/0', 'HumanEval/11'], 'MBPP/11', None),
    ('mbpp', [2, 11], 'Mbpp/11', 1), ('mbpp', [2, 11], '11', 1), ('mbpp', [2, 11], 'task_2', 0),
    ('mbpp', [2, 11], '2-11', 0), ('own', ['sum', 'max'], 'Sum', 0), ('own', ['a 1', 'a-1'], 'A1', None)])
def test_names_of_tasks(benchmark, task_ids, name, row): assert find_tasks([name], tasks_of(task_ids, benchmark))==[row]


def test_positions_of_the_whole_benchmark_of_its_test_split_and_of_a_window():
    tasks = tasks_of(range(6), split=['train', 'test', 'test', 'train', 'test', 'train'])
    assert place_tasks([*range(6), 5], tasks)==[0, 1, 2, 3, 4, 5, 5]
    assert place_tasks([0, 1, 2], tasks)==[1, 2, 4]
    assert place_tasks([3, 4], tasks)==[3, 4]
    for positions in ([0, 1], [0, 6], [5, 6]):
        with pytest.raises(InputError, match='the benchmark has 6 tasks'): place_tasks(positions, tasks)


@pytest.mark.parametrize('text,answer,ends', [
    ('    return x/2', False, 'Half of x."""\n    return x/2'),
    ('    return h(x)\n\ndef h(x): return x/2', False, 'def h(x): return x/2'),
    ('def half(x): return x/2', False, 'def half(x): return x/2'),
    ('half = lambda x: x/2', False, 'half = lambda x: x/2'),
    ('def half(x): return (', False, 'def half(x): return ('), # cut off: it fails, as its tool would say
    ('Use this:\n```python\ndef half(x): return x/2\n```\nDone.', True, 'def half(x): return x/2'),
    ('Use this:\n```python\ndef half(x): return x/2\n```', False, 'def half(x): return x/2'),
    ('    return x/2', True, 'return x/2'), ('', True, '')])
def test_what_is_run(text, answer, ends):
    code = program_of(text, next(tasks_of(['HumanEval/0']).itertuples()), answer)
    assert code.endswith(ends) and (code!=ends)==ends.startswith(('Half', 'def h(x)', 'return'))


def test_a_failed_call_is_missing_and_an_empty_answer_has_failed(tmp_path):
    answers = [('HumanEval/0', '    return x/2'), ('HumanEval/0', ''), ('HumanEval/1', None),
               ('HumanEval/9', '    return x/2')]
    made = [dict(task_id=task, model='A', text=text, answer=False, n_tokens=7) for task,text in answers]
    notes = []
    records = execute_programs(made, notes, cache=tmp_path/'p.sqlite', tasks=tasks_of(['HumanEval/0', 'HumanEval/1']))
    assert [(found['task_id'], found['score']) for found in records]==[('HumanEval/0', 1.), ('HumanEval/0', 0.),
                                                                      ('HumanEval/1', None)]
    assert records[0]['text']==PROMPT and records[0]['n_tokens']==7
    assert '1 program left out, of tasks that the benchmark lacks, such as HumanEval/9' in notes
    assert 'answers without a program, which fail: A 1' in notes


def test_programs_of_another_benchmark_are_refused():
    made = [dict(task_id=task, model=model, text='x', answer=False)
            for model,task in (('A', 'HumanEval/0'), ('B', 'Q/0'))]
    with pytest.raises(InputError, match="no program of B is for a task of the benchmark: they are named 'Q/0'"):
        execute_programs(made, [], tasks=tasks_of(['HumanEval/0']))
    with pytest.raises(InputError, match="unknown tasks 'nowhere'"): execute_programs(made, [], 'nowhere')
    with pytest.raises(InputError, match='no file nowhere.jsonl'):
        execute_programs(made, [], 'mbpp=nowhere.jsonl')


def test_programs_whose_numbers_fit_another_benchmark_are_refused_before_they_run(tmp_path):
    task_ids = [f'HumanEval/{i}' for i in range(12)]
    made = [dict(task_id=str(i), model='A', text='def twice(x): return 2*x', answer=False) for i in range(12)]
    with pytest.raises(InputError, match="none of 12 programs of A defines .* 'twice', .* asks for 'half'"):
        execute_programs(made, [], cache=tmp_path/'p.sqlite', tasks=tasks_of(task_ids))
    assert not (tmp_path/'p.sqlite').exists()
    made[0]['text'] = 'def half(x): return x/2'
    assert execute_programs(made, [], cache=tmp_path/'p.sqlite', tasks=tasks_of(task_ids))[0]['score']==1
