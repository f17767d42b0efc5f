"The log of a service: what is written stays readable, whatever happens to the process or the disk."
import json
import os
import signal
import time

import pytest

from llmr.core import InputError
from llmr.decision_logs import read_decisions
from llmr.formats import gather
from llmr.request_log import Lines, RequestLog, cut_torn_line, read_lines
from llmr.watch import watch


def decision(i, model='A', **more):
    "A row as the service writes it."
    return dict(id=f'r{i}', task_id=f'r{i}', group=f'prompt-{i}', small='A', large='B', model=model, score=i/100,
                tau=.5, to_small=model=='A', policy='router', weight=None, success=True, cost_usd=.001) | more


def write_on(folder, round_, ready):
    "Write without end; say so when 50 lines are written."
    lines = Lines(folder, most=200_000)
    for i in range(10**9):
        lines.add(dict(round=round_, i=i, text='x'*3000))
        if i==50: os.write(ready, b'.')


def test_a_process_that_is_killed_loses_half_a_line_at_most(tmp_path):
    """A child writes as fast as it can until it is killed, three times over; nothing that it has counted is lost, and
    the next one goes on."""
    for round_ in range(3):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try: write_on(tmp_path, round_, write)
            finally: os._exit(1)
        os.read(read, 1)
        time.sleep(.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read), os.close(write)
        numbers = [row['i'] for row in read_lines(tmp_path) if row['round']==round_]
        assert len(numbers)>50 and numbers==list(range(len(numbers)))
    assert len(list(tmp_path.glob('*.jsonl')))>1


@pytest.mark.parametrize('text,kept', [
    (b'', 0), (b'{}\n', 3), (b'{}\n{"a', 3), (b'{"a', 0), (b'{}\n'+b'x'*200_000, 3), (b'\n', 1)])
def test_half_a_line_is_cut_off(tmp_path, text, kept):
    (tmp_path/'1.jsonl').write_bytes(text)
    assert cut_torn_line(tmp_path/'1.jsonl')==len(text)-kept and (tmp_path/'1.jsonl').read_bytes()==text[:kept]


def test_a_damaged_line_is_named(tmp_path):
    (tmp_path/'1.jsonl').write_bytes(b'{}\n{"a\n{}\n')
    with pytest.raises(InputError, match='1.jsonl, line 2: not valid JSON'): list(read_lines(tmp_path))


def test_a_full_disk_leaves_whole_lines(tmp_path, monkeypatch):
    lines, write = Lines(tmp_path), os.write
    lines.add(dict(a=1))
    monkeypatch.setattr(os, 'write', lambda file, content: write(file, content[:4]))
    with pytest.raises(OSError, match='4 of'): lines.add(dict(a=2))
    monkeypatch.undo()
    lines.add(dict(a=3))
    assert [row['a'] for row in read_lines(tmp_path)]==[1, 3]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path/'file').write_text('x')
    with pytest.raises(InputError, match='cannot be written'): RequestLog(tmp_path/'file')
    (tmp_path/'decisions').mkdir()
    (tmp_path/'decisions'/'notes.jsonl').write_text('{}\n')
    with pytest.raises(InputError, match='decisions: cannot be written to'): RequestLog(tmp_path)


def test_what_was_forgotten_cannot_be_graded(tmp_path):
    log = RequestLog(tmp_path, remembered=2)
    for i in range(3): log.decided(decision(i))
    assert log.graded('r0', dict(passed=True)) is None and log.graded('r2', dict(passed=True))
    log.close()


def test_watch_and_verdict_read_it_as_it_is(tmp_path):
    """Small answers are right on high scores only, so at a threshold of 0.5 nothing is lost, and the store says ROUTE;
    the decisions are read as those of any router."""
    log = RequestLog(tmp_path/'log', most=20_000) # several files
    for i in range(100):
        for copy in range(8):
            n = 100*copy+i
            log.decided(decision(n, 'AB'[i<50], score=i/100))
            for model in ('small', 'large'): log.graded(f'r{n}', dict(passed=model=='large' or i>=50, model=model))
    log.close()
    assert len(list((tmp_path/'log'/'decisions').iterdir()))>5
    given = dict(small='A', large='B', taus=[.5], margin=.05, min_share=.1)
    outcomes, decided = tmp_path/'log'/'outcomes', tmp_path/'log'/'decisions'
    _, facts, word = watch(tmp_path/'store.db', [str(outcomes)], decided, **given)
    assert word=='ROUTE' and facts['tasks']==800 and facts['cost_advantage']==.5
    decisions = read_decisions(decided)
    sides = ['small' if row['to_small'] else 'large' for row in read_lines(decided)]
    assert decisions.form=='table' and decisions.rows.model.tolist()==sides
    recorded = gather([str(outcomes)])
    assert recorded.outcomes.groupby('model').n_passed.sum().to_dict()==dict(A=400, B=800)


def test_a_tenth_of_the_traffic_is_weighted(tmp_path):
    log = RequestLog(tmp_path/'log')
    for i in range(60):
        log.decided(decision(i, weight=.1, shadowed=i%10==0))
        for model in ('small', 'large')[:1+(i%10==0)]: log.graded(f'r{i}', dict(passed=True, model=model))
    log.close()
    given = dict(small='A', large='B', taus=[.5], least_weight=.1)
    _, facts, word = watch(tmp_path/'store.db', [str(tmp_path/'log'/'outcomes')], tmp_path/'log'/'decisions', **given)
    assert (facts['tasks'], facts['waiting']['A'], word)==(6, 54, 'CONTINUE')


def test_a_line_is_json_that_others_read(tmp_path):
    log = RequestLog(tmp_path)
    log.decided(decision(1, policy='é\n\u2028', causes=['a "b"']))
    with pytest.raises(ValueError): log.decided(decision(2, score=float('nan')))
    log.close()
    text = (tmp_path/'decisions'/'00000001.jsonl').read_text()
    assert text.count('\n')==1 and json.loads(text)['policy']=='é\n\u2028'
    assert (tmp_path/'decisions'/'00000001.jsonl').stat().st_mode & 0o77==0
