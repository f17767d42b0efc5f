"Registration: what is written is hashed, kept, and checked against what is asked and done."
import json

import pandas as pd
import pytest
from own_files import write_rows

from llmr.cli import main
from llmr.core import InputError
from llmr.registration import (
    check_spanning, check_terms, departures, kept_text, look_text, read_looks, read_registration, register,
    registered_options, take_look, terms_hash)
from llmr.sequential import spent_levels

TERMS = dict(small='A', large='B')


@pytest.fixture
def outcomes(tmp_path):
    "A file of 30 tasks on which A and B do equally well."
    path = tmp_path/'outcomes.jsonl'
    write_rows(path, [dict(task_id=f't{i}', model=model, passed=(i+(model=='A')*15)%30<20)
                      for i in range(30) for model in 'AB'])
    return path


@pytest.mark.parametrize('terms,message', [
    (dict(small='A'), 'no large model'), (dict(small='A', large='A'), "small and large are both 'A'"),
    (TERMS | dict(margin=1), 'margin 1'), (TERMS | dict(margin=-.1), 'margin -0.1'),
    (TERMS | dict(margin=float('nan')), 'margin nan'), (TERMS | dict(margin='1'), 'margin 1'),
    (TERMS | dict(min_share=2), 'cost advantage 2'), (TERMS | dict(split='dev'), "unknown split 'dev'; choose from"),
    (TERMS | dict(metric='row'), "unknown metric 'row'"), (TERMS | dict(plan='often'), "unknown plan 'often'"),
    (TERMS | dict(tasks=0), 'tasks 0'), (TERMS | dict(tasks=1.5), 'tasks 1.5'),
    (TERMS | dict(plan='looks', tasks=9, looks=True), 'looks True'),
    (TERMS | dict(alpha=1), "unknown term 'alpha'")])
def test_terms_that_cannot_be(tmp_path, terms, message):
    with pytest.raises(InputError, match=message): register(tmp_path/'q.json', terms)
    assert not (tmp_path/'q.json').exists()


def test_what_is_written_is_read_and_never_written_over(tmp_path):
    record = register(tmp_path/'deep'/'q.json', TERMS | dict(margin=.02))
    assert read_registration(tmp_path/'deep'/'q.json')==record and record['sha256']==terms_hash(record)
    before = (tmp_path/'deep'/'q.json').read_bytes()
    with pytest.raises(InputError, match='there already'): register(tmp_path/'deep'/'q.json', TERMS)
    assert (tmp_path/'deep'/'q.json').read_bytes()==before
    with pytest.raises(InputError, match='cannot be written'): register(tmp_path/'deep'/'q.json'/'x', TERMS)


@pytest.mark.parametrize('change', [
    dict(margin=.05), dict(registered='2020-01-01T00:00:00+00:00'), dict(files={'x': 'y'}), dict(sha256='0'*64)])
def test_a_changed_file_does_not_pass(tmp_path, change):
    record = register(tmp_path/'q.json', TERMS)
    (tmp_path/'q.json').write_text(json.dumps(record | change))
    with pytest.raises(InputError, match='q.json: changed after it was registered'):
        read_registration(tmp_path/'q.json')


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"margin": 1}', '\x00', 'no'])
def test_what_is_no_registration(tmp_path, text):
    (tmp_path/'q.json').write_text(text)
    with pytest.raises(InputError, match='q.json: (cannot be read|not a registration)'):
        read_registration(tmp_path/'q.json')


def test_new_terms_with_a_new_hash_must_still_be_terms(tmp_path):
    record = register(tmp_path/'q.json', TERMS) | dict(margin=3)
    (tmp_path/'q.json').write_text(json.dumps(record | dict(sha256=terms_hash(record))))
    with pytest.raises(InputError, match='margin 3'): read_registration(tmp_path/'q.json')


def test_another_question_is_refused(tmp_path):
    record = register(tmp_path/'q.json', TERMS | dict(margin=.02))
    assert registered_options(record, margin=None, small='A')==dict(margin=.02, small='A')
    for asked in (dict(margin=.01), dict(small='B'), dict(min_share=0.), dict(split='train'), dict(metric='test')):
        with pytest.raises(InputError, match='is not the registered'): registered_options(record, **asked)


def test_departures_are_named(tmp_path, outcomes):
    record = register(tmp_path/'q.json', TERMS | dict(tasks=30, files=[outcomes]))
    assert departures(record, 'fixed', 30, 'task', [outcomes])==[]
    assert 'Kept to the registration of' in kept_text(record, [])
    assert departures(record, 'fixed', 29, 'task', [outcomes])==['30 tasks were planned, 29 judged']
    outcomes.write_text(outcomes.read_text()+'\n')
    found = departures(record, 'watch', 30, 'task', [outcomes])
    assert len(found)==2 and 'outcomes.jsonl is none of the sealed files, or was changed since' in found[1]
    assert departures(record, 'fixed', 30, 'test')==['every task was to have one vote, and every test has']
    assert kept_text(record, found).startswith('DEPARTED from the registration')
    with pytest.raises(InputError, match='no such file to seal'):
        register(tmp_path/'r.json', TERMS | dict(files=[tmp_path/'none']))


def test_groups_that_span_splits():
    rows = pd.DataFrame(dict(task_id=['a', 'b', 'c'], split=['test', 'train', 'test'], group=['g', 'g', None]))
    with pytest.raises(InputError, match="group 'g' has tasks in split test and train"): check_spanning(rows)
    check_spanning(rows[1:])
    check_spanning(rows.drop(columns='group'))


def test_terms_are_completed(): assert check_terms(TERMS)['metric']=='task' and check_terms(TERMS)['margin']==.01


# ---- the commands

def ask(capsys, *arguments):
    code = main(list(map(str, arguments)))
    captured = capsys.readouterr()
    return code, captured.out+captured.err


def test_a_verdict_on_a_registered_question(tmp_path, outcomes, capsys):
    question = tmp_path/'q.json'
    asked = '--small', 'A', '--large', 'B', '--margin', .3, '--tasks', 30, '--metric', 'test'
    code, text = ask(capsys, 'register', question, outcomes, *asked)
    assert code==0 and read_registration(question)['sha256'] in text
    code, text = ask(capsys, 'verdict', outcomes, '--registration', question, '--json')
    assert code in (0, 3, 4) and json.loads(text)['registration'].startswith('Kept to')
    code, text = ask(capsys, 'verdict', outcomes, '--registration', question, '--votes', 'task')
    assert code==2 and "metric 'task' is not the registered 'test'" in text
    code, text = ask(capsys, 'verdict', outcomes, '--registration', question, '--margin', .4)
    assert code==2 and 'margin 0.4 is not the registered 0.3' in text
    code, text = ask(capsys, 'verdict', outcomes, '--registration', question, '--small', 'B', '--large', 'A')
    assert code==2 and "small 'B' is not the registered 'A'" in text
    code, text = ask(capsys, 'register', question, '--small', 'A', '--large', 'B')
    assert code==2 and 'there already' in text


def test_a_registered_number_of_tasks_that_was_not_kept(tmp_path, outcomes, capsys):
    question = tmp_path/'q.json'
    ask(capsys, 'register', question, '--small', 'A', '--large', 'B', '--margin', .3, '--tasks', 200)
    _, text = ask(capsys, 'verdict', outcomes, '--registration', question)
    assert 'margin 30 points' in text and 'DEPARTED from the registration' in text
    assert '200 tasks were planned, 30 judged' in text


def test_a_group_over_two_splits_is_refused(tmp_path, capsys):
    rows = [dict(task_id=f't{i}', model=model, passed=1, split='test' if i else 'validation', group=f'g{i//2}')
            for i in range(6) for model in 'AB']
    write_rows(tmp_path/'o.jsonl', rows)
    ask(capsys, 'register', tmp_path/'q.json', '--small', 'A', '--large', 'B')
    code, text = ask(capsys, 'verdict', tmp_path/'o.jsonl', '--registration', tmp_path/'q.json')
    assert code==2 and "group 'g0' has tasks in split test and validation" in text


PLANNED = TERMS | dict(plan='looks', looks=3, tasks=90, margin=.3)


@pytest.mark.parametrize('terms,message', [
    (TERMS | dict(plan='looks'), 'plan looks: say how many looks'), (TERMS | dict(plan='looks', looks=3), 'plan looks'),
    (TERMS | dict(looks=3), 'looks 3 with plan fixed')])
def test_a_plan_of_looks_says_how_many_and_of_what(tmp_path, terms, message):
    with pytest.raises(InputError, match=message): register(tmp_path/'q.json', terms)


def test_looks_are_written_down_and_share_one_error(tmp_path):
    path = tmp_path/'q.json'
    record = register(path, PLANNED)
    first, same = take_look(path, record, 30, 'a'), take_look(path, record, 30, 'a')
    assert first==same and (first['look'], first['next'])==(1, 60) and len(read_looks(path))==1
    second, last = take_look(path, record, 61, 'b'), take_look(path, record, 95, 'c')
    assert last['so_far']==[30, 61, 95] and (second['next'], last['next'])==(90, 0)
    levels = spent_levels(last['so_far'], 90)
    assert levels[0]<levels[1]<levels[2]<.05
    assert take_look(path, record, 30, 'a')==first, 'an old look is what it was'
    for tasks,message in ((61, 'plan of 90 tasks ended at look 3'), (99, 'plan of 90 tasks ended')):
        with pytest.raises(InputError, match=message): take_look(path, record, tasks, 'd')
    told = [look_text(look | dict(level=.01), record, word) for look,word in
            ((first, 'NEED'), (last, 'NEED'), (second, 'ROUTE'))]
    assert 'goes on' in told[0] and 'ended without' in told[1] and told[2].endswith('The plan ends here.')


def test_a_look_needs_more_tasks_and_its_own_file(tmp_path):
    path, other = tmp_path/'q.json', tmp_path/'r.json'
    record, another = register(path, PLANNED), register(other, PLANNED | dict(margin=.2))
    take_look(path, record, 40, 'a')
    with pytest.raises(InputError, match='30 tasks, and look 1 had 40 already'): take_look(path, record, 30, 'b')
    (tmp_path/'r.json.looks').write_bytes((tmp_path/'q.json.looks').read_bytes())
    with pytest.raises(InputError, match='looks of another registration'): take_look(other, another, 50, 'b')
    for text in ('{}', 'x', '{"look": 2, "tasks": 5, "hash": "a", "question": "b", "time": "c"}\n'):
        (tmp_path/'q.json.looks').write_text(text)
        with pytest.raises(InputError, match='q.json.looks: damaged'): take_look(path, record, 50, 'b')


def test_verdicts_follow_a_plan_of_looks(tmp_path, outcomes, capsys):
    question = str(tmp_path/'q.json')
    assert main(['register', question, '--small', 'A', '--large', 'B', '--margin', '0.1', '--plan', 'looks',
                 '--looks', '2', '--tasks', '30'])==0
    lines = outcomes.read_text().splitlines()
    half = tmp_path/'half.jsonl'
    half.write_text('\n'.join(lines[:30]))
    assert main(['verdict', str(half), '--registration', question])==4
    first = capsys.readouterr().out
    assert 'Look 1 of 2: 15 of 30 independent tasks' in first and 'the next look is at 30 tasks' in first
    assert 'Kept to the registration' in first
    main(['verdict', str(outcomes), '--registration', question, '--json'])
    facts = json.loads(capsys.readouterr().out)
    assert facts['look']['look']==2 and facts['look']['level']>.04
    assert facts['verdicts'][0]['points'][0]['level']==pytest.approx(1-facts['look']['level'])
    assert main(['verdict', str(half), '--registration', question])==4, 'the first look may be read again'
    assert main(['verdict', str(outcomes), '--registration', question, '--margin', '.2'])==2


def test_more_looks_than_planned_depart(tmp_path):
    record = register(tmp_path/'q.json', PLANNED)
    assert departures(record, 'looks', 50, 'task', looks=3)==[]
    assert departures(record, 'looks', 50, 'task', looks=4)==['3 looks were planned, and this is look 4']


def test_a_look_has_all_tasks_of_the_one_before(tmp_path):
    path = tmp_path/'q.json'
    record = register(path, PLANNED)
    take_look(path, record, 2, 'a', ['t1', 't2'])
    with pytest.raises(InputError, match='1 task of look 1 missing here'):
        take_look(path, record, 3, 'b', ['t2', 't3', 't4'])
    assert take_look(path, record, 3, 'b', ['t3', 't2', 't1'])['look']==2
    assert 'more than 99.999%' in look_text(dict(look=1, tasks=3, level=1e-7, next=0), record, 'NEED')
