"Training: from files to routers, what is held out, and what is refused before the work."
import json
import os
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from own_files import change_rows, easy_outcomes, own_files, write_rows

from llmr import cli, training
from llmr.core import InputError
from llmr.own_data import verdict_on_files
from llmr.own_tables import read_own
from llmr.problem import task_prompts
from llmr.router import Router
from llmr.runs import Pair
from llmr.selection import CANDIDATES
from llmr.certify import tasks_to_certify
from llmr.training import (
    Trained, check_estimators, pair_folder, planned_hold_out,
    read_training, share_row, train_router, training_text)

sys.path.insert(0, str(ROOT/'benchmarks'))
import verdict as worlds

PAIR = Pair('tiny', 'big')


def train(folder, tasks, outcomes, *more):
    "Exit code of `llmr train` into `folder`/router."
    options = ['--small', 'tiny', '--large', 'big', '--encoder', 'hashing', '--estimators', 'ridge']
    return cli.main(['train', str(tasks), str(outcomes), *options, '--out', str(folder/'router'), *more])


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    "A folder with own files and the router that was trained on them. Not to be written to."
    folder = tmp_path_factory.mktemp('trained')
    assert train(folder, *own_files(folder), '--estimators', 'ridge', 'knn')==0
    return folder


def test_a_trained_router_has_a_card(trained):
    card = json.loads((trained/'router'/'router.json').read_text())
    assert {'data_hash', 'estimator', 'gain_points', 'thresholds', 'widths', 'encoder'}<=set(card)
    assert card['gain_points']['low']<=card['gain_points']['nested']<=card['gain_points']['high']


@pytest.mark.parametrize('split', ['', 'tasks', 'outcomes'])
def test_a_verdict_on_the_trained_router(tmp_path, capsys, split):
    "Every task has a score by a router that had not seen it, test tasks too."
    tasks, outcomes = own_files(tmp_path, 60)
    if split=='outcomes': change_rows(outcomes, lambda number, row: dict(split='train'))
    if split=='tasks': change_rows(tasks, lambda number, row: dict(split='train' if number%3 else 'test'))
    assert train(tmp_path, tasks, outcomes)==0
    out = capsys.readouterr().out
    assert 'chosen: ' in out and 'llmr verdict' in out
    file = tmp_path/'router'/'scores.parquet'
    scores = pd.read_parquet(file)
    assert sorted(scores.task_id)==sorted(f't{i}' for i in range(60)) and np.isfinite(scores.score).all()
    if split=='tasks':
        own = read_own(tasks, outcomes)[0]
        test = own[own.split=='test']
        expected = Router.load(tmp_path/'router').score(task_prompts(test))
        assert scores.set_index('task_id').score[test.task_id].tolist()==pytest.approx(expected.tolist(), abs=1e-6)
    code = cli.main(['verdict', str(outcomes), '--small', 'tiny', '--large', 'big', '--scores', str(file)])
    word = verdict_on_files(outcomes, PAIR, scores=file)[1]
    assert code==cli.CODES[word]


def test_as_few_tasks_as_are_promised_are_enough(tmp_path): assert train(tmp_path, *own_files(tmp_path, 20))==0


def test_prompts_are_embedded_once_and_before_anything_is_written(tmp_path, monkeypatch):
    "A kill while test tasks were embedded left a new router beside the scores of an old one."
    tasks, outcomes = own_files(tmp_path, 60)
    change_rows(tasks, lambda number, row: dict(split='train' if number%3 else 'test'))
    embed, written = training.prompt_views, []
    def watched(*given):
        written.append((tmp_path/'router').exists())
        return embed(*given)
    monkeypatch.setattr(training, 'prompt_views', watched)
    monkeypatch.setattr(Router, 'score', lambda *given: pytest.fail('a prompt was embedded again'))
    assert train(tmp_path, tasks, outcomes)==0 and written==[False]


@pytest.mark.parametrize('low,words', [(.1, 'these tasks show that'), (-.1, 'these tasks do not show that')])
def test_what_training_found(low, words):
    table = pd.DataFrame(dict(router=['knn', 'nested'], selected=[True, False], gain=[2., 1.], low=low, high=3.))
    trained = Trained(PAIR, None, table, pd.DataFrame(), 0)
    assert f'chosen: knn; use the row `nested`: {words} the router beats random routing.' in training_text(trained)
    assert 'no task was held out, so no threshold is known' in training_text(trained)


@pytest.mark.parametrize('n,drop,more,message', [
    (12, None, (), '12 tasks to learn from: too few'), (19, None, (), 'Give at least 20'),
    (40, None, ('--small', 'big'), "small and large are both 'big'"),
    (40, (3, 'tiny'), (), 'task t3 has no outcome of model tiny'),
    (40, None, ('--small', 'huge'), "no outcomes of model 'huge'; choose from big, tiny"),
    (40, None, ('--estimators', 'magic'), "unknown estimator 'magic'; choose from"),
    (40, None, ('--encoder', 'no/such'), 'cannot be loaded')])
def test_own_data_that_cannot_be_used(tmp_path, capsys, n, drop, more, message):
    assert train(tmp_path, *own_files(tmp_path, n, drop, 1), *more)==2
    assert message in capsys.readouterr().err and not (tmp_path/'router').exists()


@pytest.mark.parametrize('change,message', [
    (lambda number, row: dict(n_passed=2), 'nothing to learn'),
    # 1-2/3 and 1/3-0 differ in the last digit: what looks like a gap that varies is none
    (lambda number, row: dict(n_passed=int(row['task_id'][1:])%3+(row['model']=='tiny')),
     'tiny and big differ by the same on every task: nothing to learn'),
    # what a model wins would be counted in tests of another total
    (lambda number, row: dict(n_tests=5) if (row['task_id'], row['model'])==('t3', 'big') else {},
     'task t3 has other tests for tiny than for big')])
def test_outcomes_that_teach_nothing(tmp_path, capsys, change, message):
    tasks, outcomes = own_files(tmp_path)
    change_rows(outcomes, change)
    assert train(tmp_path, tasks, outcomes)==2
    assert message in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_an_estimator_that_reads_outcomes_is_no_router(tmp_path):
    _, outcomes = easy_outcomes()
    tasks = pd.DataFrame(dict(task_id=range(60), benchmark='own', split='train', text='add', tests=[[]]*60, setup='',
                              entry_point=''))
    message = "estimator 'oracle' reads outcomes, which a prompt does not show; choose from"
    with pytest.raises(InputError, match=message):
        train_router(tasks, outcomes, Pair('A', 'B'), 'hashing', tmp_path/'router', dict(estimators=('oracle',)))
    assert not (tmp_path/'router').exists()


def test_estimators_are_all_candidates_unless_named():
    assert check_estimators()==check_estimators([])==CANDIDATES and check_estimators(['ridge'])==('ridge',)


def test_an_unknown_choice(tmp_path):
    own = read_own(*own_files(tmp_path))
    with pytest.raises(InputError, match="unknown choice 'kind'; choose from seed, estimators, hold_out"):
        train_router(*own, PAIR, 'hashing', tmp_path/'router', dict(kind=('ridge',)))


@pytest.mark.parametrize('place,problem', [('router', 'is a file'), ('closed', 'is read-only')])
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys, monkeypatch, place, problem):
    tasks, outcomes = own_files(tmp_path)
    if problem=='is a file': (tmp_path/place).write_text('x')
    else: (tmp_path/place).mkdir(mode=0o500)
    writable = os.access # root may write anywhere
    monkeypatch.setattr(os, 'access', lambda path, mode: path!=tmp_path/'closed' and writable(path, mode))
    monkeypatch.setattr(training, 'prompt_views', lambda *given: pytest.fail('work was done'))
    out = tmp_path/place/'deeper' if problem=='is read-only' else tmp_path/place
    assert train(tmp_path, tasks, outcomes, '--out', str(out))==2
    assert f'{tmp_path/place} {problem}. Choose another folder' in capsys.readouterr().err


def test_training_reads_a_table_of_prompts(tmp_path):
    (tmp_path/'a.csv').write_text('prompt,model,passed\nadd,A,1\nadd,B,0\n')
    tasks, outcomes, pairs = read_training([tmp_path/'a.csv'])
    assert tasks.text.tolist()==['add'] and pairs==[('B', 'A')] and (outcomes.split=='train').all()
    (tmp_path/'b.csv').write_text('task_id,model,passed\na,A,1\na,B,0\n')
    with pytest.raises(InputError, match='no prompt of task'): read_training([tmp_path/'b.csv'])


def test_training_reads_what_a_verdict_reads(tmp_path):
    "Whatever the ending and the names of columns, with both models named."
    (tmp_path/'tasks.jsonl').write_text('{"task_id": "t", "text": "add"}')
    rows = [dict(task_id='t', model=model, passed=model=='B') for model in 'AB']
    (tmp_path/'outcomes.jsonl').write_text('\n'.join(map(json.dumps, rows)))
    files = [tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl']
    for paths in (files, files[::-1]):
        tasks, outcomes, pairs = read_training(paths, 'A', 'B')
        assert tasks.text.tolist()==['add'] and outcomes.n_passed.tolist()==[0, 1] and pairs==[('A', 'B')]


# ---- tasks held out

def test_a_router_is_calibrated_on_tasks_that_it_did_not_learn_from(trained):
    router = Router.load(trained/'router')
    scores = pd.read_parquet(trained/'router'/'scores.parquet').set_index('task_id')
    held = scores[scores.source=='held-out'].score
    assert len(held)==router.card['held_out']['groups']==len(router.calibration)==13 and router.card['tasks']==27
    assert sorted(held)==sorted(router.calibration)
    assert router.card['thresholds']['0.4']==pytest.approx(np.percentile(held, 60))
    assert len(router.card['held_out']['data_hash'])==64 and router.card['held_out']['date']>='2026'


def test_a_group_is_held_out_whole_and_a_named_split_is_used(tmp_path):
    tasks, outcomes = own_files(tmp_path, 60)
    change_rows(tasks, lambda number, row: dict(text=f'{row["text"].rpartition(" ")[0]} {number//3}'))
    assert train(tmp_path, tasks, outcomes, '--hold-out', '5')==0
    scores = pd.read_parquet(tmp_path/'router'/'scores.parquet').set_index('task_id')
    texts = pd.Series({row['task_id']: row['text'] for row in map(json.loads, tasks.read_text().splitlines())})
    held = scores.index[scores.source=='held-out']
    assert scores.source.groupby(texts).nunique().max()==1 and texts[held].nunique()==5
    change_rows(tasks, lambda number, row: dict(split='train' if number<45 else 'validation', text=f'add {number}'))
    assert train(tmp_path, tasks, outcomes)==0
    assert Router.load(tmp_path/'router').card['held_out']['tasks']==15


def test_a_certificate_is_kept_with_its_data_and_date(tmp_path, capsys):
    tasks, outcomes = own_files(tmp_path, 120)
    assert train(tmp_path, tasks, outcomes, '--hold-out', '60', '--certify', '.3')==0
    assert 'CERTIFIED: send scores of' in capsys.readouterr().out
    card = json.loads((tmp_path/'router'/'router.json').read_text())
    certificate = card['certificate']
    assert certificate['certified'] and certificate['tasks']==60 and certificate['alpha']==.3
    assert certificate['data_hash']==card['held_out']['data_hash'] and certificate['date']==card['held_out']['date']
    assert cli.main(['route', str(tmp_path/'router'), 'x'])==0
    assert json.loads(capsys.readouterr().out)['tau']==certificate['tau']


@pytest.mark.parametrize('more,message', [
    (['--certify', '.01'], 'too few for any certificate of this bound, which takes at least 230'),
    (['--certify', '.05', '--hold-out', '20'], 'takes at least 45'),
    (['--certify', '1.5'], 'certify 1.5: must lie between 0 and 1'),
    (['--risk', 'fire'], "unknown risk 'fire'; choose from harm, loss"),
    (['--hold-out', '.9'], '--hold-out 0.9: 54 of 60 tasks would leave fewer than 20 to learn from'),
    (['--hold-out', '2.5'], '--hold-out 2.5: give a number of tasks, or a fraction below 1')])
def test_what_cannot_be_held_out_or_certified_is_refused_before_the_work(tmp_path, capsys, monkeypatch, more, message):
    monkeypatch.setattr(training, 'prompt_views', lambda *given: pytest.fail('work was done'))
    assert train(tmp_path, *own_files(tmp_path, 60), *more)==2
    assert message in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_cross_fitted_scores_cannot_be_certified(trained):
    files = trained/'outcomes.jsonl', PAIR
    with pytest.raises(InputError, match='--certify needs scores of a router'): verdict_on_files(*files, certify=.1)
    scores = trained/'router'/'scores.parquet'
    assert 'These scores are cross-fitted' in verdict_on_files(*files, scores=scores)[0]
    with pytest.raises(InputError, match='cross-fitted, .* llmr train ... --certify 0.05'):
        verdict_on_files(*files, scores=scores, certify=.1)
    own = pd.read_parquet(scores).drop(columns='source')
    own.to_parquet(trained/'own.parquet')
    text, word = verdict_on_files(*files, scores=trained/'own.parquet', certify=.3)
    assert 'certif' in text.lower() and word in cli.CODES


def test_the_planner_leaves_enough_to_learn_from_and_holds_enough_to_certify():
    for n in (20, 21, 40, 100, 1000, 50_000):
        assert 0<=planned_hold_out(n)<=max(n-20, 0) and planned_hold_out(n)<=max(n//3, 0)
    assert planned_hold_out(100, fewest=45)>=45 and tasks_to_certify(.05, .1, 'loss')>tasks_to_certify(.2, .1, 'loss')


def test_the_interval_of_a_share_holds_where_scores_tie():
    scores = np.repeat([0., 1., 2.], [50, 30, 20])
    row = share_row(scores, .3)
    assert row['tau']==1 and row['sent']==.5 and row['low']<.5<row['high']
    assert share_row(scores, 1.)['low']>.95 and share_row(scores, 1.)['high']==1


def test_a_router_for_every_pair(tmp_path, capsys):
    rng, rows = np.random.default_rng(0), []
    for i in range(60):
        for model,chance in (('org/a', .9 if i%2 else .1), ('b', .6), ('c', .95)):
            rows.append(dict(prompt=f'{"add numbers" if i%2 else "parse text"} {i}', model=model,
                             passed=bool(rng.random()<chance)))
    rows += [dict(prompt='only one', model='lonely', passed=True)]
    write_rows(tmp_path/'rows.jsonl', rows)
    options = ['--encoder', 'hashing', '--estimators', 'ridge', '--out', str(tmp_path/'r')]
    assert cli.main(['train', str(tmp_path/'rows.jsonl'), *options])==0
    shown = capsys.readouterr().out
    folders = sorted(path.parent.name for path in tmp_path.glob('r/*/router.json'))
    assert folders==['b-c', 'org_a-b', 'org_a-c'] and 'and lonely share no task' in shown
    assert pair_folder('r', Pair('org/a', 'b')).name=='org_a-b'
    assert cli.main(['route', str(tmp_path/'r'), '--share', '.5', 'x'])==2
    assert 'several routers fit; choose from --small' in capsys.readouterr().err
    assert cli.main(['route', str(tmp_path/'r'), '--small', 'org/a', '--large', 'c', '--share', '.5', 'x'])==0


# ---- what is promised holds (minutes)

@pytest.mark.full
def test_certificates_and_shares_of_trained_routers_hold_on_fresh_tasks():
    "Two standard errors above delta at most; every share inside its interval in 93%."
    draws = 300
    for row in worlds.certificates(draws):
        print(row)
        assert row['violated']<=.1+2*np.sqrt(.09/draws) and row['fewest_shares_inside_95']>=.93
