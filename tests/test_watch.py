"The store: what is added stays, whatever is killed, repeated, sorted or appended by two; bad input changes nothing."
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from own_files import write_rows

from llmr.cli import main
from llmr.core import InputError, Store
from llmr.estimators import fit_estimator
from llmr.router import Router
from llmr.routing import choose_threshold, load_router
from llmr.sequential import gap_interval, simulate_gaps
from llmr.watch import add_look, counted_groups, judge_store, outcome_rows, read_terms, watch

PAIR = dict(small='A', large='B', margin=.05)


def rows_of(gaps, first=0, **more):
    "Rows of outcomes of A and B, a task a gap."
    return [dict(task_id=f't{i}', model=model, passed=int(gap>=0 if model=='A' else gap<=0)) | more
            for i,gap in enumerate(gaps, first) for model in 'AB']


@pytest.fixture
def file(tmp_path):
    "`file(name, rows)`: the path of a file with these rows."
    def written(name, rows):
        write_rows(tmp_path/name, rows)
        return tmp_path/name
    return written


@pytest.fixture
def store(tmp_path): return tmp_path/'store.db'


def content(path):
    with Store(path) as opened: return {key: value for key,value in opened.items() if not key.startswith('["look"')}


def test_looks_add_up_and_repeats_do_not(store, file):
    gaps = simulate_gaps(.1, n_tasks=300, n_simulations=1)[0]
    day1, day2 = file('1.jsonl', rows_of(gaps[:100])), file('2.jsonl', rows_of(gaps[100:], 100))
    watch(store, [day1], **PAIR)
    text, facts, word = watch(store, [day2])
    assert facts['tasks']==300 and facts['added']==dict(look=2, added=400, changed=0)
    point = facts['points'][-1]
    assert point['performance_gap']==pytest.approx(gaps.mean())
    assert (point['low'], point['high'])==pytest.approx(gap_interval(gaps, errors=(.025/6, .9*.025)))
    before = content(store)
    assert watch(store, [day1])[1]['points']==facts['points'] and content(store)==before
    assert watch(store)[0].startswith(word)


def test_order_within_a_file_cannot_matter(tmp_path, file):
    gaps = simulate_gaps(0, n_tasks=200, n_simulations=1, seed=2)[0]
    rows = rows_of(gaps)
    worst_last = sorted(rows, key=lambda row: -gaps[int(row['task_id'][1:])])
    facts = [watch(tmp_path/name, [file(f'{name}.jsonl', used)], **PAIR)[1]
             for name,used in (('plain', rows), ('sorted', worst_last))]
    assert facts[0]['points'][-1]['log_for']==pytest.approx(facts[1]['points'][-1]['log_for'])


def test_a_task_waits_for_its_second_model(store, file):
    rows = rows_of([1, 0, -1])
    for model,tasks in (('A', 0), ('B', 3)):
        text, facts, _ = watch(store, [file(f'{model}.jsonl', [row for row in rows if row['model']==model])], **PAIR)
        assert facts['tasks']==tasks
    assert facts['waiting']==dict(A=0, B=0)
    text, facts, _ = watch(store, [file('more.jsonl', rows_of([0], 9)[:1])])
    assert facts['waiting']==dict(A=1, B=0) and '1 task waiting, with an outcome of A alone' in text


def test_a_mistyped_model_makes_no_store(store, file):
    "A model may come later, but not while the file has others."
    with pytest.raises(InputError, match="no outcome of model 'Bx'; there are A, B. The models of a store cannot be"):
        watch(store, [file('a.jsonl', rows_of([1, 0]))], small='A', large='Bx')
    assert not store.exists()


def test_the_first_outcome_counts(store, file):
    watch(store, [file('a.jsonl', rows_of([1]*5))], **PAIR)
    text, facts, _ = watch(store, [file('b.jsonl', rows_of([-1]*5))])
    assert facts['points'][-1]['performance_gap']==1 and facts['added']['changed']==10
    assert '10 rows unlike those in the store, which count' in text


def test_a_group_counts_once_as_it_was_first(store, file):
    grouped = rows_of([1, -1, -1, -1], group='g')
    watch(store, [file('a.jsonl', grouped[:4]+rows_of([0, 0], 50))], **PAIR)
    text, facts, _ = watch(store, [file('b.jsonl', grouped)])
    assert facts['groups']==3 and facts['tasks']==6 and facts['late']==2
    assert facts['points'][-1]['performance_gap']==0 and '2 tasks left out, whose group was counted' in text


def test_repeats_of_a_prompt_do_not_add_evidence(store, tmp_path, file):
    gaps = [1, 1, 1, 0, -1]*8
    once = watch(store, [file('a.jsonl', rows_of(gaps))], **PAIR)[1]
    five = [row | dict(task_id=f'{row["task_id"]}-{copy}', group=row['task_id'])
            for copy in range(5) for row in rows_of(gaps)]
    again = watch(tmp_path/'five', [file('b.jsonl', five)], **PAIR)[1]
    for name in ('low', 'high', 'log_for', 'log_against'):
        assert again['points'][-1][name]==pytest.approx(once['points'][-1][name])


def test_samples_are_averaged(store, file):
    rows = [dict(task_id='t', model=model, sample=sample, n_tests=4, n_passed=passed)
            for model,counts in (('A', (1, 3)), ('B', (4, 4))) for sample,passed in enumerate(counts)]
    assert watch(store, [file('a.jsonl', rows)], **PAIR)[1]['points'][-1]['performance_gap']==-.5


# ---- refused, and nothing lost

def refused(store, message, *given, **more):
    before = content(store) if store.exists() else None
    with pytest.raises(InputError, match=message): watch(store, *given, **more)
    assert (content(store) if store.exists() else None)==before


@pytest.mark.parametrize('asked,message', [
    (dict(margin=.01), 'made for margin 0.05, not 0.01'), (dict(small='C'), "made for small 'A', not 'C'"),
    (dict(small='B', large='A'), "made for small 'A', not 'B'"), (dict(min_share=.5), 'made for min share 0.1'),
    (dict(taus=[.5]), 'made for taus None'), (dict(least_weight=.5), 'made for least weight 1'),
    (dict(registration='abc'), 'made for registration None')])
def test_another_question(store, file, asked, message):
    watch(store, [file('a.jsonl', rows_of([1, 0]))], **PAIR)
    refused(store, message, [file('b.jsonl', rows_of([1], 7))], **asked)


def test_outcomes_of_another_pair(store, file):
    watch(store, [file('a.jsonl', rows_of([1, 0]))], **PAIR)
    others = [row | dict(model=row['model']*2) for row in rows_of([1], 7)]
    refused(store, 'no outcome of A or B, which this store is for; there are AA, BB', [file('b.jsonl', others)])


@pytest.mark.parametrize('weight,message', [
    (0, 'weight of task .t1. is 0. It is the chance'), (-1, 'is -1. It is'), (1.5, 'is 1.5. It is'),
    ('x', 'which is not a number'), (.05, 'below the least weight 0.1'), (None, 'has outcomes and no weight'),
    (float('inf'), 'which is not a number')])
def test_weights_that_cannot_be(store, file, weight, message):
    "In the first look and in a later one."
    outcomes = file('a.jsonl', rows_of([1, 0]))
    log = file('log.jsonl', [dict(task_id='t0', weight=.5), dict(task_id='t1', weight=weight)])
    refused(store, message, [outcomes], log, least_weight=.1, **PAIR)
    watch(store, [file('b.jsonl', rows_of([0], 5))], file('good.jsonl', [dict(task_id='t5', weight=.1)]),
          least_weight=.1, **PAIR)
    refused(store, message, [outcomes], log)


def test_weights_need_a_least_one(store, file):
    log = file('log.jsonl', [dict(task_id='t0', weight=.5)])
    refused(store, 'Make another with --least-weight 0.5', [file('a.jsonl', rows_of([1]))], log, **PAIR)


def test_scores_need_thresholds_and_outcomes_scores(store, file):
    outcomes, log = file('a.jsonl', rows_of([1, 0])), file('log.jsonl', [dict(task_id='t0', score=.5)])
    refused(store, 'scores without thresholds', [outcomes], log, **PAIR)
    refused(store, "task 't1' has outcomes and no score", [outcomes], log, taus=[.3], **PAIR)
    twice = file('twice.jsonl', [dict(task_id='t0', score=.5), dict(task_id='t0', score=.6)])
    refused(store, 'row 1: task .t0. has two scores', [outcomes], twice, taus=[.3], **PAIR)
    refused(store, 'A log of decisions needs task_id or prompt, and score', [outcomes],
            file('no.jsonl', [dict(task_id='t0', tau=1)]), taus=[.3], **PAIR)


def test_groups_of_calibration_and_traffic(store, file):
    rows = rows_of([1], split='validation', group='g')+rows_of([1], 1, split='test', group='g')
    refused(store, "group 'g' has tasks in split test and validation", [file('a.jsonl', rows)], **PAIR)


def test_what_was_counted_cannot_be_taken_back(store, file):
    watch(store, [file('a.jsonl', rows_of([-1, 1]))], taus=[.5], scores=file('l.jsonl', [
        dict(task_id=f't{i}', score=.5) for i in range(2)]), **PAIR)
    late = file('late.jsonl', [dict(task_id='t0', score=.5, split='validation')])
    text, facts, _ = watch(store, scores=late)
    assert facts['tasks']==2 and facts['added']['changed']==1
    other = store.with_name('other')
    watch(other, [file('a.jsonl', rows_of([-1, 1]))], **PAIR)
    refused(other, "task 't0' came as traffic, and its score now says validation", scores=late)


@pytest.mark.parametrize('terms,message', [
    (dict(margin=1), 'margin 1'), (dict(margin=-.1), 'margin -0.1'), (dict(min_share=2), 'min share 2'),
    (dict(error=0.), 'error 0'), (dict(least_weight=0.), 'least weight 0'), (dict(least_weight=2), 'least weight 2'),
    (dict(taus=[float('nan')]), 'thresholds'), (dict(small='B'), "small and large are both 'B'"),
    (dict(margin=float('nan')), 'margin nan')])
def test_terms_that_cannot_be(store, file, terms, message):
    refused(store, message, [file('a.jsonl', rows_of([1]))], **PAIR | terms)


def test_a_new_store_needs_a_pair(store, file):
    refused(store, 'not there. Give files of outcomes, or --small and --large')
    three = rows_of([1])+[dict(task_id='t0', model='C', passed=0)]
    refused(store, 'is new, and there are 3 pairs', [file('a.jsonl', three)])
    watch(store, **PAIR)
    assert read_terms(Store(store))['margin']==.05 and watch(store, [file('a.jsonl', three)])[1]['tasks']==1


@pytest.mark.parametrize('kind', ['text', 'database', 'folder', 'cut'])
def test_a_file_of_another_kind_is_left_alone(store, file, kind):
    outcomes = file('a.jsonl', rows_of([1]))
    if kind=='text': store.write_text('{"task_id": 1}')
    elif kind=='folder': store.mkdir()
    elif kind=='cut': store.write_bytes(b'SQLite format 3\0'+b'x'*200)
    else:
        with sqlite3.connect(store) as db: db.execute('create table mine (x)')
    before = None if kind=='folder' else store.read_bytes()
    with pytest.raises(InputError, match='not a store|a database of something else|a folder|damaged'):
        watch(store, [outcomes], **PAIR)
    assert kind=='folder' or store.read_bytes()==before


# ---- kills and other writers

def test_a_second_writer_waits_or_is_refused(store, file):
    watch(store, [file('a.jsonl', rows_of([1]))], **PAIR)
    with FileLock(f'{store}.lock'):
        refused(store, 'another process has been writing to it for 0.1 s', [file('b.jsonl', rows_of([1], 5))], wait=.1)


def test_writers_at_once_lose_nothing(store, file):
    files = [file(f'{i}.jsonl', rows_of([1, 0, -1], 10*i)) for i in range(4)]
    with ThreadPoolExecutor(4) as pool: list(pool.map(lambda path: watch(store, [path], **PAIR), files))
    facts = watch(store)[1]
    assert facts['tasks']==12 and facts['added']['look']==4


def test_a_kill_leaves_whole_looks(store, file, tmp_path):
    "Killed at any time, the store holds none or all of a look, and the same command then completes it."
    outcomes = file('a.jsonl', rows_of(np.ones(400)))
    code = f'from llmr.watch import watch; watch({str(store)!r}, [{str(outcomes)!r}], **{PAIR!r})'
    process = subprocess.Popen([sys.executable, '-c', code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic()+60
    while not store.exists() and process.poll() is None and time.monotonic()<deadline: time.sleep(.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert store.exists() and len(content(store)) in (0, 801)
    assert watch(store, [outcomes], **PAIR)[1]['tasks']==400 and len(content(store))==801


# ---- routers, weights, drift

def scored(rng, n, shift=0., first=0, **more):
    return [dict(task_id=f't{i}', score=float(rng.normal(shift))) | more for i in range(first, first+n)]


def test_thresholds_from_calibration(store, file):
    rng = np.random.default_rng(0)
    calibration = [row | dict(task_id='c'+row['task_id'], split='validation') for row in scored(rng, 200)]
    log = scored(rng, 150)
    facts = watch(store, [file('a.jsonl', rows_of(np.zeros(150)))], file('log.jsonl', calibration+log), **PAIR)[1]
    taus = [np.percentile([row['score'] for row in calibration], 100-percent) for percent in (20, 40, 60, 80)]
    assert facts['terms']['taus']==pytest.approx(taus) and facts['drift']['found'] is False
    shares = [np.mean([row['score']>=tau for row in log]) for tau in taus]
    assert [point['cost_advantage'] for point in facts['points']]==pytest.approx([*shares, 1])


def test_drift_withholds_route_and_withdraws_the_router(store, file, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path/'router'
    card = dict(thresholds={'0.4': .2, '0.8': -.8}, certificate=dict(tau=-.8), widths=dict(hand=43))
    hand = dict(hand=rng.normal(size=(30, 43)))
    Router(fit_estimator('length', hand, rng.random(30), rng.random(30)), 'hashing', card, rng.normal(size=150)).save(
        folder)
    first = file('1.jsonl', rows_of(np.ones(60))), file('1.log.jsonl', scored(rng, 60))
    facts = watch(store, [first[0]], first[1], router=str(folder), **PAIR)[1]
    assert facts['terms']['taus']==[.2, -.8] and facts['word']=='ROUTE' and not (folder/'withdrawn.json').exists()
    later = file('2.jsonl', rows_of(np.ones(80), 60)), file('2.log.jsonl', scored(rng, 80, 2., 60))
    text, facts, word = watch(store, [later[0]], later[1])
    assert word=='CONTINUE' and facts['withdrawn'] and facts['drift']['value']=='score' and 'WITHDRAWN' in text
    assert 'since look 2' in text
    moved = [int(task[1:]) for task in facts['drift']['moved']]
    assert len(moved)>20 and np.mean(np.array(moved)>=60)>.8
    assert 'score of present traffic' in json.loads((folder/'withdrawn.json').read_text())['reason']
    with pytest.raises(InputError, match='the certificate was withdrawn on'): choose_threshold(load_router(folder))
    assert np.isfinite(choose_threshold(load_router(folder), share=.4))


def test_drift_of_outcomes(store, file):
    same = rows_of([1, 0, 0, 0, -1]*40, split='validation')
    watch(store, [file('c.jsonl', same)], **PAIR)
    facts = watch(store, [file('t.jsonl', rows_of(-np.ones(60), 900))])[1]
    assert facts['drift']['value']=='gap' and facts['aside']==200 and facts['tasks']==60


def test_a_router_without_thresholds(store, file, tmp_path):
    hand = dict(hand=np.random.default_rng(0).normal(size=(30, 43)))
    fitted = fit_estimator('length', hand, hand['hand'][:, 0]>0, hand['hand'][:, 1]>0)
    Router(fitted, 'hashing', dict(widths=dict(hand=43))).save(tmp_path)
    refused(store, 'the router is not calibrated', [file('a.jsonl', rows_of([1]))], router=str(tmp_path), **PAIR)
    refused(store, 'not a router directory', [file('a.jsonl', rows_of([1]))], router=str(tmp_path/'no'), **PAIR)


def test_weighted_groups_stand_for_the_traffic():
    terms = dict(small='A', large='B', margin=.01, min_share=.1, taus=None, least_weight=.1)
    tasks = pd.DataFrame(dict(look=[1, 1, 2], small=[1., 0, 1], large=[0., 1, 1], weight=[.1, 1, .5], split='test',
                              group=['g', 'h', 'h2'], score=np.nan), index=['a', 'b', 'c'])
    groups = counted_groups(tasks, terms)
    assert groups['weights']==pytest.approx([1, .1, .2]) and groups['gained'][:, -1]==pytest.approx([1, -.1, 0])
    assert groups['looks'].tolist()==[2, 3]


def test_sampled_traffic_counts_a_prompt_once(store, file):
    "A prompt with many tasks would be judged, and count, more often than its weight says."
    twice = [row | dict(weight=.5, group='same prompt') for row in rows_of([1, 0])]
    refused(store, "group 'same prompt' has 2 judged tasks", [file('a.jsonl', twice)], least_weight=.5, **PAIR)
    assert watch(store, [file('b.jsonl', twice[:2])], least_weight=.5, **PAIR)[1]['tasks']==1


@pytest.mark.parametrize('everything', [False, True])
def test_scores_of_sampled_tasks_alone_are_no_drift(store, file, everything):
    "High scores are judged more often: they look unlike calibration, unless the log has all of the traffic."
    rng = np.random.default_rng(0)
    scores, before = rng.random(600), rng.random(200)
    weights = np.where(scores>.5, .8, .2)
    judged = rng.random(600)<weights
    log = [dict(task_id=f't{i}', score=score, weight=weight) for i,(score, weight) in enumerate(zip(scores, weights))
           if judged[i] or everything]
    log += [dict(task_id=f'c{i}', score=score, split='validation') for i,score in enumerate(before)]
    outcomes = [row for row in rows_of(np.ones(600)) if judged[int(row['task_id'][1:])]]
    text, facts, word = watch(store, [file('a.jsonl', outcomes)], file('log.jsonl', log), least_weight=.2, **PAIR)
    assert word=='ROUTE' and 'no longer looks' not in text


def test_a_large_store_is_fast(store):
    gaps = simulate_gaps(.02, n_simulations=1)[0]
    frame = pd.DataFrame(rows_of(gaps)).assign(sample=0, n_tests=1, split='test')
    frame['n_passed'] = frame.passed
    terms = dict(small='A', large='B', margin=.01, min_share=.1, error=.025, least_weight=1., taus=None)
    opened = Store()
    add_look(opened, terms, outcome_rows(frame, terms), {})
    start = time.process_time()
    assert judge_store(opened)['tasks']==12_000
    assert time.process_time()-start<6


# ---- the command

def test_the_command(store, file, capsys):
    "Exit codes are those of the verdict."
    def ask(*arguments): return main(['watch', str(store), *map(str, arguments)])
    assert ask(file('a.jsonl', rows_of([1, 0])), '--small', 'A', '--large', 'B', '--margin', .05)==4
    assert capsys.readouterr().out.startswith('CONTINUE  (margin 5 points)')
    assert ask(file('b.jsonl', rows_of(np.ones(200), 10)), '--json')==0
    assert json.loads(capsys.readouterr().out)['word']=='ROUTE'
    assert ask('--margin', '0.01')==2 and 'made for margin 0.05, not 0.01' in capsys.readouterr().err
    store.unlink()
    assert ask(file('c.jsonl', rows_of(-np.ones(300))), '--small', 'A', '--large', 'B')==3


def test_a_registered_store(store, file, tmp_path, capsys):
    question, outcomes = str(tmp_path/'q.json'), str(file('a.jsonl', rows_of([1, 0, 1])))
    assert main(['register', question, '--small', 'A', '--large', 'B', '--margin', '0.03', '--plan', 'watch'])==0
    assert main(['watch', str(store), outcomes, '--registration', question])==4
    text = capsys.readouterr().out
    assert 'margin 3 points' in text and 'Kept to the registration' in text
    assert main(['watch', str(store), '--registration', question, '--margin', '0.02'])==2
    other = str(tmp_path/'other.json')
    main(['register', other, '--small', 'A', '--large', 'B', '--margin', '0.03', '--metric', 'test'])
    assert main(['watch', str(store), '--registration', other])==2
    assert 'every test has a vote' in capsys.readouterr().err


def test_logs_in_other_formats(store, file, tmp_path):
    "A CSV, and a task that is known by its prompt."
    prompts = [dict(row, prompt=f'Add {row.pop("task_id")[1:]}.') for row in rows_of([1, 0, 1])]
    (tmp_path/'log.csv').write_text('prompt,score,weight\n'+''.join(f'Add  {i}.,0.{i+1},{.5+i/4}\n' for i in range(3)))
    facts = watch(store, [file('a.jsonl', prompts)], tmp_path/'log.csv', taus=[.15], least_weight=.5, **PAIR)[1]
    assert facts['tasks']==3
    weights = .5/np.array([.5, .75, 1.])
    assert facts['points'][0]['cost_advantage']==pytest.approx(weights[1:].sum()/weights.sum())


def test_weights_in_the_file_of_outcomes(store, tmp_path, file):
    "Dropping them in silence would judge another traffic."
    weighted = [row | dict(weight=.25 if i<4 else 1) for i,row in enumerate(rows_of([1, 1, -1, -1]))]
    refused(store, 'Make another with --least-weight 0.25', [file('a.jsonl', weighted)], **PAIR)
    facts = watch(store, [file('a.jsonl', weighted)], least_weight=.25, **PAIR)[1]
    assert facts['points'][-1]['performance_gap']==pytest.approx((2-.5)/2.5)
    clash = file('log.jsonl', [dict(task_id='t0', weight=.5)])
    refused(store.with_name('b'), "task 't0' has weight 0.25 here and 0.5 in", [file('a.jsonl', weighted)], clash,
            least_weight=.25, **PAIR)
    refused(store, 'row 6: the weight of task .t8. is 2',
            [file('c.jsonl', rows_of([1, 1, 1], 5, weight=.5)+rows_of([1], 8, weight=2))])


def test_a_run_directory(store, tmp_path, shipped):
    (tmp_path/'run').mkdir()
    shipped('outcomes').to_parquet(tmp_path/'run'/'outcomes.parquet')
    facts = watch(store, [tmp_path/'run'], small='8B', large='70B', margin=.1)[1]
    assert facts['tasks']==500 and facts['aside']==464
