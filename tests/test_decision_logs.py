"Logs of other routers, as their tools write them."
import gzip
import json

import pytest

from llmr.core import InputError
from llmr.decision_logs import litellm_row, read_decisions


def lines(path, rows):
    path.write_text('\n'.join(map(json.dumps, rows)))
    return path


def rows_of(path): return read_decisions(path).rows[['task_id', 'model']].to_numpy().tolist()


@pytest.mark.parametrize(('header', 'row'), [
    ('task_id,model', 't1,A'), ('id;chosen_model', 't1;A'), ('instance_id\tllm_selected', 't1\tA'),
    ('question_id,model,routed_to', 't1,router-v2,A'), ('\ufefftask_id,Model', 't1,A'), ('task_id,decision', 't1, A ')])
def test_tables_under_usual_names(tmp_path, header, row):
    (tmp_path/'log.csv').write_text(f'{header}\n{row}\n{row.replace("t1", "t2")}\n', encoding='utf-8')
    assert rows_of(tmp_path/'log.csv')==[['t1', 'A'], ['t2', 'A']]


def test_ids_that_are_numbers(tmp_path):
    assert rows_of(lines(tmp_path/'a.jsonl', [dict(task_id=1, model='A'), dict(task_id=2., model='B')]))==[
        ['1', 'A'], ['2', 'B']]
    (tmp_path/'b.csv').write_text('task_id,model\n1.0,A\n2.0,B\n')
    assert rows_of(tmp_path/'b.csv')==[['1', 'A'], ['2', 'B']]


@pytest.mark.parametrize(('word', 'side'), [(True, 'small'), (0, 'large'), ('yes', 'small'), ('False', 'large')])
def test_to_small_says_yes_or_no(tmp_path, word, side):
    assert rows_of(lines(tmp_path/'a.jsonl', [dict(task_id='t', to_small=word)]))==[['t', side]]


def test_llmrouter_names_query_and_model(tmp_path):
    row = dict(query='Add two numbers.', model_name='llama-3.1-8b', response='...', success=True, task_performance=1.)
    made = read_decisions(lines(tmp_path/'out.jsonl', [row])).rows
    assert made.text.tolist()==['Add two numbers.'] and made.model.tolist()==['llama-3.1-8b']


def test_routerarena_leaves_out_what_the_router_did_not_choose(tmp_path):
    rows = [{'global index': f'MMLU_{i}', 'prompt': 'x', 'prediction': 'A', 'cost': .1, 'accuracy': None,
             'for_optimality': i==1} for i in range(3)]
    with gzip.open(tmp_path/'r.json.gz', 'wt') as file: json.dump(rows, file)
    made = read_decisions(tmp_path/'r.json.gz')
    assert made.form=='routerarena' and made.rows.task_id.tolist()==['MMLU_0', 'MMLU_2']
    assert made.rows.cost_usd.tolist()==[.1, .1]


MESSAGES = [dict(role='system', content='Be brief.'), dict(role='user', content='First.'),
            dict(role='assistant', content='Yes.'), dict(role='user', content=[dict(type='text', text='Sort a list.')])]

@pytest.mark.parametrize('wrap', [lambda call: call, lambda call: dict(standard_logging_object=call),
                                  lambda call: dict(kwargs=dict(standard_logging_object=json.dumps(call)))])
def test_litellm_calls_wherever_they_lie(wrap):
    call = dict(model='gpt-4o', model_group='auto', call_type='acompletion', response_cost=.002, status='success',
                messages=MESSAGES, metadata=dict(user_api_key_hash='x'))
    assert litellm_row(wrap(call))==dict(task_id=None, text='Sort a list.', model='gpt-4o', cost_usd=.002, failed=False)


@pytest.mark.parametrize('metadata', [
    dict(task_id='t9'), dict(requester_metadata=dict(task_id='t9')), dict(spend_logs_metadata=dict(instance_id='t9'))])
def test_litellm_tasks_named_in_metadata(metadata):
    "As an object or, in the table of spend, as a text; messages may be left out of the log."
    for given in (metadata, json.dumps(metadata)):
        made = litellm_row(dict(model='gpt-4o', model_group='auto', spend=.1, metadata=given, messages='{}'))
        assert made['task_id']=='t9' and made['cost_usd']==.1


def test_a_failed_call_that_was_asked_again_is_left_out(tmp_path):
    call = dict(model_group='auto', call_type='acompletion', metadata=dict(task_id='t'), messages=MESSAGES)
    rows = [call | dict(model='A', status='failure'), call | dict(model='B', status='success'),
            call | dict(model='C', status='failure', metadata=dict(task_id='u'))]
    made = read_decisions(lines(tmp_path/'log.jsonl', rows))
    assert made.rows.model.tolist()==['B', 'C'] and made.notes==['1 failed calls left out, which were asked again']


def test_a_folder_of_logs(tmp_path):
    for day in 'ab': lines(tmp_path/f'{day}.jsonl', [dict(task_id=f'{day}1', model='A')])
    assert [task for task,_ in rows_of(tmp_path)]==['a1', 'b1']


def test_rows_without_a_task_or_a_model_are_counted(tmp_path):
    rows = [dict(task_id='t', model='A'), dict(task_id='', model='A'), dict(task_id='u', model=None)]
    made = read_decisions(lines(tmp_path/'log.jsonl', rows))
    assert len(made.rows)==1 and made.notes==['2 rows without a task or without a model left out']


@pytest.mark.parametrize(('name', 'content', 'message'), [
    ('a.csv', 'task_id,score\nt,1\n', 'nothing says which model was chosen. Its columns are task_id, score'),
    ('a.csv', 'model,score\nA,1\n', 'nothing says which task was decided'),
    ('a.csv', 'task_id,model,cost\nt,A,-1\n', "decision 1: cost is '-1'"),
    ('a.json', '[]', 'no decision'), ('a.json', '"text"', 'plain text, not JSON'),
    ('a.jsonl', '{"model": "A", "model_group": "auto", "messages": null}', 'none with both a task and a model')])
def test_what_is_no_log_is_named(tmp_path, name, content, message):
    (tmp_path/name).write_text(content)
    with pytest.raises(InputError) as caught: read_decisions(tmp_path/name)
    assert message in str(caught.value) and name in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match='gone.csv'): read_decisions(tmp_path/'gone.csv')
