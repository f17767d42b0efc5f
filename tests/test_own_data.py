"Own data: from two files to a router, a decision and a verdict; and what is refused, by file, row and value."
import json
import os

import numpy as np
import pandas as pd
import pytest
from own_files import change_rows, easy_outcomes, own_files, write_rows

from llmr import cli, own_data
from llmr.core import InputError
from llmr.own_data import (
    check_estimators, read_outcomes, read_own, read_scores, read_training, route_lines, scores_to_judge,
    train_router, training_text, verdict_on_files, verdicts_on_inputs)
from llmr.own_report import write_own_report
from llmr.problem import task_prompts
from llmr.router import Router
from llmr.runs import Pair
from llmr.selection import CANDIDATES

PAIR = Pair('tiny', 'big')


def train(folder, tasks, outcomes, *more):
    "Exit code of `llmr train` into `folder`/router."
    options = ['--small', 'tiny', '--large', 'big', '--encoder', 'hashing', '--estimators', 'ridge', 'knn']
    return cli.main(['train', str(tasks), str(outcomes), *options, '--out', str(folder/'router'), *more])


def route(folder, *more): return cli.main(['route', '--router', str(folder/'router'), *more])


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    "A folder with own files and the router that was trained on them. Not to be written to."
    folder = tmp_path_factory.mktemp('trained')
    assert train(folder, *own_files(folder))==0
    return folder


# ---- from files to a decision

def test_a_trained_router_has_a_card(trained):
    card = json.loads((trained/'router'/'router.json').read_text())
    assert {'data_hash', 'estimator', 'gain_points', 'thresholds', 'widths', 'encoder'}<=set(card)
    assert card['gain_points']['low']<=card['gain_points']['nested']<=card['gain_points']['high']


def test_a_decision_a_prompt(trained, capsys):
    prompts = 'add two numbers 3\nassert f(3) == 3', 'parse brackets 4\nassert f(4) == 4'
    assert route(trained, '--target', '0.4', *prompts)==0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer['model'] for answer in answers]==['tiny', 'big'] and answers[0]['score']>answers[1]['score']
    assert answers==route_lines(trained/'router', list(prompts), target=.4)


def test_a_share_that_was_not_calibrated_is_refused(trained, capsys):
    assert route(trained, '--target', '0.55', 'x')==2
    assert 'not calibrated for a share of 0.55; choose from 0.2, ' in capsys.readouterr().err
    assert route(trained, '--target', '.20', 'x')==0 and route(trained, '--tau', '-9', 'x')==0


@pytest.mark.parametrize('tau', ['nan', 'inf', 'x'])
def test_a_threshold_is_a_finite_number(trained, capsys, tau):
    with pytest.raises(SystemExit): route(trained, '--tau', tau, 'x')
    assert f"'{tau}' is not a finite number" in capsys.readouterr().err


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
        assert scores.set_index('task_id').score[test.task_id].tolist()==pytest.approx(expected.tolist())
    code = cli.main(['verdict', str(outcomes), '--small', 'tiny', '--large', 'big', '--scores', str(file)])
    word = verdict_on_files(outcomes, PAIR, scores=file)[1]
    assert code==cli.CODES[word]


def test_as_few_tasks_as_are_promised_are_enough(tmp_path): assert train(tmp_path, *own_files(tmp_path, 20))==0


def test_prompts_are_embedded_once_and_before_anything_is_written(tmp_path, monkeypatch):
    "A kill while test tasks were embedded left a new router beside the scores of an old one."
    tasks, outcomes = own_files(tmp_path, 60)
    change_rows(tasks, lambda number, row: dict(split='train' if number%3 else 'test'))
    embed, written = own_data.prompt_views, []
    def watched(*given):
        written.append((tmp_path/'router').exists())
        return embed(*given)
    monkeypatch.setattr(own_data, 'prompt_views', watched)
    monkeypatch.setattr(Router, 'score', lambda *given: pytest.fail('a prompt was embedded again'))
    assert train(tmp_path, tasks, outcomes)==0 and written==[False]


@pytest.mark.parametrize('low,words', [(.1, 'these tasks show that'), (-.1, 'these tasks do not show that')])
def test_what_training_found(low, words):
    table = pd.DataFrame(dict(router=['knn', 'nested'], selected=[True, False], gain=[2., 1.], low=low, high=3.))
    assert f'chosen: knn; use the row `nested`: {words} the router beats random routing.' in training_text(table)


# ---- what cannot be trained on leaves nothing

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
    with pytest.raises(InputError, match='unknown choice in seed, estimators, kind; choose from seed, estimators'):
        train_router(*own, PAIR, 'hashing', tmp_path/'router', dict(kind=('ridge',)))


@pytest.mark.parametrize('place,problem', [('router', 'is a file'), ('closed', 'is read-only')])
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys, monkeypatch, place, problem):
    tasks, outcomes = own_files(tmp_path)
    if problem=='is a file': (tmp_path/place).write_text('x')
    else: (tmp_path/place).mkdir(mode=0o500)
    writable = os.access # root may write anywhere
    monkeypatch.setattr(os, 'access', lambda path, mode: path!=tmp_path/'closed' and writable(path, mode))
    monkeypatch.setattr(own_data, 'prompt_views', lambda *given: pytest.fail('work was done'))
    out = tmp_path/place/'deeper' if problem=='is read-only' else tmp_path/place
    assert train(tmp_path, tasks, outcomes, '--out', str(out))==2
    assert f'{tmp_path/place} {problem}. Choose another folder' in capsys.readouterr().err


# ---- reading own tables

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


# ---- scores and verdicts

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


def test_a_router_is_not_judged_on_what_it_learned_from(tmp_path):
    with pytest.raises(InputError, match='head-strict was trained on split train, .* Choose another --split'):
        scores_to_judge(tmp_path, PAIR, 'train', router='head-strict')
    assert scores_to_judge(tmp_path, PAIR, 'train') is None
    with pytest.raises(InputError, match='--router needs scores of a router .* Give --scores FILE'):
        scores_to_judge(tmp_path/'outcomes.jsonl', PAIR, 'test', router='head-strict')


def test_a_certificate_needs_scores_and_uses_them(trained):
    outcomes, scores = trained/'outcomes.jsonl', trained/'router'/'scores.parquet'
    with pytest.raises(InputError, match='--certify needs scores of a router'):
        verdict_on_files(outcomes, PAIR, certify=.1)
    plain, word = verdict_on_files(outcomes, PAIR, scores=scores)
    text, same = verdict_on_files(outcomes, PAIR, scores=scores, certify=.1)
    assert text.startswith(f'{plain}\n\n') and len(text)>len(plain)+20 and word==same in cli.CODES


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


def test_copies_of_a_task_make_no_verdict_surer(tmp_path):
    rng = np.random.default_rng(0)
    rows = [dict(task_id=f'{i}-{copy}', prompt=f'task {i}', model=model, passed=bool(result))
            for i,results in enumerate(rng.random((60, 2))<.6) for copy in range(5) for model,
            result in zip('AB', results)]
    widths = []
    for name,chosen in (('all', rows), ('one', [row for row in rows if row['task_id'].endswith('-0')])):
        (tmp_path/f'{name}.json').write_text(json.dumps(chosen))
        _, facts, _ = verdicts_on_inputs([tmp_path/f'{name}.json'], 'A', 'B')
        widths.append((facts['verdicts'][0]['points'][-1]['low'], facts['verdicts'][0]['headroom']['mcnemar_p']))
        assert facts['read']['distinct_prompts']==60
    assert widths[0]==pytest.approx(widths[1])


def test_every_pair_of_a_table_and_a_report_of_it(tmp_path):
    rows = [dict(prompt=f'task {i}', model=model, passed=i%(j+2)>0, cost=.1*(j+1)) for i in range(30) for j,
            model in enumerate('abc')]
    (tmp_path/'rows.json').write_text(json.dumps(rows))
    text, facts, _ = verdicts_on_inputs([tmp_path/'rows.json'])
    assert [(fact['small'], fact['large']) for fact in facts['verdicts']]==[('a', 'b'), ('a', 'c'), ('b', 'c')]
    page = write_own_report([tmp_path/'rows.json'], tmp_path/'page.html').read_text()
    assert page.count('What to do next')==3 and '$ per 1,000 tasks' in page


def test_models_without_a_common_task_and_models_that_share_some(tmp_path):
    (tmp_path/'a.csv').write_text('task_id,passed\nx,1\ny,0\n')
    (tmp_path/'b.csv').write_text('task_id,passed\ny,1\nz,1\n')
    (tmp_path/'c.csv').write_text('task_id,passed\nq,1\n')
    assert 'compared on the 1 tasks of both: a has 2, b 2' in verdicts_on_inputs([tmp_path/'a.csv',
                                                                                  tmp_path/'b.csv'])[0]
    with pytest.raises(InputError, match='share no task'): verdicts_on_inputs([tmp_path/'a.csv', tmp_path/'c.csv'])


def test_training_reads_a_table_of_prompts(tmp_path):
    (tmp_path/'a.csv').write_text('prompt,model,passed\nadd,A,1\nadd,B,0\n')
    tasks, outcomes, pair = read_training([tmp_path/'a.csv'])
    assert tasks.text.tolist()==['add'] and (pair.small, pair.large)==('B', 'A') and (outcomes.split=='train').all()
    (tmp_path/'b.csv').write_text('task_id,model,passed\na,A,1\na,B,0\n')
    with pytest.raises(InputError, match='no prompt of task'): read_training([tmp_path/'b.csv'])
