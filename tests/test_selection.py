"Kinds of router, honest selection, own data, other data: what must hold and what must be refused."
import gzip
import json

import numpy as np
import pandas as pd
import pytest

from llmr import cli
from llmr.core import InputError
from llmr.runs import Pair
from llmr.harness import load_extract, read_extract
from llmr.own_data import read_own, read_scores
from llmr.evaluation import gain_over_random
from llmr.problem import format_prompt
from llmr.estimators import fit_estimator
from llmr.features import VIEWS
from llmr.router import ESTIMATORS, Examples, NothingToLearn, Router
from llmr.own_data import train_router
from llmr.selection import (
    CANDIDATES, choose, cross_gains, cross_scores, data_hash, fewer_samples, fold_numbers, gain_rows,
    make_study, nested_scores)


def easy_outcomes(n=60, samples=3, seed=0):
    "Three models: A solves easy tasks, B most, C few. Easiness is the first column of x."
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n), rng.normal(size=(n, 4))]).astype(np.float32)
    rows = [dict(task_id=i, split='train', model=model, sample=s, n_tests=3, n_passed=rng.binomial(3, chance), tests=['passed']*3, errors=['']*3, status='ran', n_tokens=40)
            for i,e in enumerate(x[:, 0]) for model,chance in (('A', e), ('B', .6), ('C', e**2)) for s in range(samples)]
    return x, pd.DataFrame(rows)


@pytest.fixture
def study():
    x, outcomes = easy_outcomes()
    return make_study(outcomes, Pair('A', 'B'), {name: x for name in VIEWS}, np.arange(60), 'made up')


def test_the_oracle_is_the_ceiling_and_no_router(study, tmp_path):
    fold = fold_numbers(60, 5, 0)
    gains = {kind: gain_over_random(cross_scores(study, kind, fold), study.paired) for kind in ('oracle', 'kernel', 'random')}
    assert gains['oracle']>gains['kernel']>gains['random']
    x, outcomes = easy_outcomes()
    own = pd.DataFrame(dict(task_id=range(60), benchmark='own', split='train', text='add', tests=[[]]*60, setup='', entry_point=''))
    with pytest.raises(InputError, match='no prompt tells'): train_router(own, outcomes, Pair('A', 'B'), 'hashing', tmp_path/'router', dict(kinds=('oracle',)))
    assert not (tmp_path/'router').exists()


def test_no_task_is_scored_by_a_router_that_saw_it(study):
    fold = fold_numbers(60, 5, 0)
    before = cross_scores(study, 'knn', fold)
    from dataclasses import replace
    turned = study.small.copy()
    turned[fold==0] = 1-turned[fold==0]
    after = cross_scores(replace(study, small=turned), 'knn', fold)
    order = lambda scores, number: np.diff(scores[fold==number])
    assert order(before, 0)==pytest.approx(order(after, 0), abs=1e-9) and order(before, 1)!=pytest.approx(order(after, 1), abs=1e-9)


def test_folds_that_went_badly_are_not_scored_higher():
    "A router that knows nothing says the mean of its other folds; pooled as it is, that ran against the outcomes and looked worse than chance."
    for seed in range(5):
        _, outcomes = easy_outcomes(40, 1, seed)
        study = make_study(outcomes, Pair('A', 'B'), {name: np.ones((40, 2)) for name in VIEWS}, np.arange(40))
        drawn = cross_scores(study, 'ridge', fold_numbers(40, 5, seed))
        assert gain_over_random(drawn, study.paired)==0 and drawn.mean()==pytest.approx((study.small-study.large).mean())
        assert gain_over_random(nested_scores([study], ('ridge', 'knn'))[0]['A-B', 'nested'][0], study.paired)==0


def test_one_task_that_differs_is_nothing_to_learn_without_it(study):
    from dataclasses import replace
    equal = replace(study, small=study.large.copy())
    equal.small[7] = 1-equal.small[7]
    scores, chosen = nested_scores([equal], ('ridge', 'knn'))
    assert np.isfinite(scores['A-B', 'nested']).all() and len(chosen)==5


def test_unequal_numbers_of_samples_fit_every_kind():
    x, outcomes = easy_outcomes(30)
    outcomes = outcomes[~((outcomes.model=='B') & (outcomes['sample']==2) | (outcomes.model=='A') & (outcomes['sample']==0) & (outcomes.task_id%3==0))]
    for tokens in (0, 50):
        study = make_study(outcomes.assign(n_tokens=tokens), Pair('A', 'B'), {name: x for name in VIEWS}, np.arange(30))
        assert study.small.shape==study.large.shape==study.brevity.shape==(30, 3)
        assert np.isfinite(study.brevity).any()==bool(tokens) and np.isnan(study.brevity[:, 2]).all()
    for kind in set(ESTIMATORS)-{'head-shifted'}: assert np.isfinite(fit_estimator(kind, study.views, study.small, study.large).score(study.views)).all()
    with pytest.raises(InputError, match='each of M samples'): fit_estimator('head-shifted', study.views, study.small, study.large)


def test_a_study_of_many_tasks_is_made_in_seconds():
    import time
    n, start = 4000, time.process_time()
    outcomes = pd.DataFrame([dict(task_id=f't{i}', split='train', model=m, sample=0, n_tests=1, n_passed=i%2, tests=[''], errors=[''], status='ran', n_tokens=0) for i in range(n) for m in 'AB'])
    make_study(outcomes, Pair('A', 'B'), {}, np.array([f't{i}' for i in range(n)]))
    assert time.process_time()-start<15


def test_choosing_from_noise_is_optimistic():
    "With nothing to learn, the best of many looks better than it is; the nested gain does not."
    rng = np.random.default_rng(3)
    apparent, nested = [], []
    kinds = ('ridge', 'ridge-sentence', 'ridge-ngrams', 'knn', 'random')
    for seed in range(4):
        _, outcomes = easy_outcomes(seed=seed)
        views = {name: rng.normal(size=(60, 5)) for name in VIEWS}
        study = make_study(outcomes, Pair('A', 'B'), views, np.arange(60))
        scores = cross_gains([study], kinds, 1, 4, seed)
        apparent.append(gain_over_random(scores['A-B', choose(scores, [study], kinds)][0], study.paired))
        nested.append(gain_over_random(nested_scores([study], kinds, 4, seed)[0]['A-B', 'nested'][0], study.paired))
    assert np.mean(apparent)>np.mean(nested)


def test_intervals_hold_the_gain_and_the_mean_is_the_mean(study):
    x, outcomes = easy_outcomes()
    other = make_study(outcomes, Pair('C', 'B'), study.views, np.arange(60), 'made up')
    table = gain_rows('made up', [study, other], cross_gains([study, other], ('ridge', 'random'), 2), 'ridge').set_index(['router', 'pair'])
    assert (table.low<=table.gain).all() and (table.gain<=table.high).all()
    assert table.gain['ridge', 'mean']==pytest.approx((table.gain['ridge', 'A-B']+table.gain['ridge', 'C-B'])/2)
    assert list(table.reset_index().columns)==['router', 'pair', 'data', 'selected', 'gain', 'low', 'high']


def test_fewer_samples_change_what_is_learned_not_what_is_scored(study):
    fewer = fewer_samples(study, 1)
    assert fewer.small.shape==(60, 1) and fewer.paired.equals(study.paired)


# ---- own data

def own_files(folder, n=40, drop=None, samples=2):
    "Own tasks and outcomes as JSON lines."
    rng = np.random.default_rng(0)
    tasks = [dict(task_id=f't{i}', text=f'{"add two numbers" if i%2 else "parse brackets"} {i}', tests=[f'assert f({i}) == {i}']) for i in range(n)]
    outcomes = [dict(task_id=f't{i}', model=m, sample=s, n_tests=3, n_passed=int(rng.binomial(3, .9 if m=='big' or i%2 else .2))) for i in range(n) for m in ('tiny', 'big') for s in range(samples) if (i, m)!=drop]
    for name,rows in dict(tasks=tasks, outcomes=outcomes).items(): (folder/f'{name}.jsonl').write_text('\n'.join(map(json.dumps, rows)))
    return folder/'tasks.jsonl', folder/'outcomes.jsonl'


def train(folder, tasks, outcomes, *more):
    return cli.main(['train', str(tasks), str(outcomes), '--small', 'tiny', '--large', 'big', '--encoder', 'hashing', '--kinds', 'ridge', 'knn', '--out', str(folder/'router'), *more])


def test_own_data_from_files_to_a_decision(tmp_path, capsys):
    assert train(tmp_path, *own_files(tmp_path))==0
    assert 'chosen: ' in capsys.readouterr().out
    card = json.loads((tmp_path/'router'/'router.json').read_text())
    assert {'data_hash', 'estimator', 'gain_points', 'thresholds', 'widths', 'encoder'}<=set(card) and card['gain_points']['low']<=card['gain_points']['nested']<=card['gain_points']['high']
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--target', '0.4', 'add two numbers 3\nassert f(3) == 3', 'parse brackets 4\nassert f(4) == 4'])==0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer['model'] for answer in answers]==['tiny', 'big'] and answers[0]['score']>answers[1]['score']


@pytest.mark.parametrize('split', ['', 'tasks', 'outcomes'])
def test_a_verdict_on_the_trained_router(tmp_path, capsys, split):
    "Every task has a score by a router that had not seen it, test tasks too."
    tasks, outcomes = own_files(tmp_path, 60)
    if split=='outcomes': outcomes.write_text('\n'.join(json.dumps(json.loads(line) | dict(split='train')) for line in outcomes.read_text().splitlines()))
    if split=='tasks': tasks.write_text('\n'.join(json.dumps(json.loads(line) | dict(split='test' if i%3==0 else 'train')) for i,line in enumerate(tasks.read_text().splitlines())))
    assert train(tmp_path, tasks, outcomes)==0
    assert 'llmr verdict' in capsys.readouterr().out
    scores = pd.read_parquet(tmp_path/'router'/'scores.parquet')
    assert sorted(scores.task_id)==sorted(f't{i}' for i in range(60)) and np.isfinite(scores.score).all()
    if split=='tasks':
        kept, held = Router.load(tmp_path/'router'), [json.loads(line) for line in tasks.read_text().splitlines() if '"test"' in line]
        assert scores.set_index('task_id').score[[row['task_id'] for row in held]].tolist()==pytest.approx(kept.score([format_prompt(row['text'], row['tests']) for row in held]).tolist())
    assert cli.main(['verdict', str(outcomes), '--small', 'tiny', '--large', 'big', '--scores', str(tmp_path/'router'/'scores.parquet')]) in (0, 3, 4)


@pytest.mark.parametrize('n,drop,more,message', [
    (12, None, (), '12 tasks'), (19, None, (), 'at least 20'), (40, None, ('--small', 'big'), "both 'big'"), (40, (3, 'tiny'), (), 'no outcome of model tiny'), (40, None, ('--small', 'huge'), "no model 'huge'"), (40, None, ('--kinds', 'magic'), "no kind of router is called 'magic'"),
    (40, None, ('--encoder', 'no/such'), 'cannot be loaded')])
def test_own_data_that_cannot_be_used_leaves_nothing(tmp_path, capsys, n, drop, more, message):
    tasks, outcomes = own_files(tmp_path, n, drop, 1)
    assert train(tmp_path, tasks, outcomes, *more)==2
    assert message in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_as_few_as_are_promised_are_enough(tmp_path): assert train(tmp_path, *own_files(tmp_path, 20))==0


@pytest.mark.parametrize('make', [lambda path: path.write_text('x'), lambda path: path.parent.joinpath('read').mkdir(mode=0o500)])
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys, make, monkeypatch):
    import os
    tasks, outcomes = own_files(tmp_path)
    make(tmp_path/'router')
    if (tmp_path/'read').exists(): monkeypatch.setattr(os, 'access', lambda path, mode: path!=tmp_path/'read')
    monkeypatch.setattr('llmr.routers.cross_gains', lambda *given: pytest.fail('work was done'))
    out = tmp_path/'read'/'router' if (tmp_path/'read').exists() else tmp_path/'router'
    assert train(tmp_path, tasks, outcomes, '--out', str(out))==2
    assert 'Choose another folder' in capsys.readouterr().err


def test_what_cannot_be_routed(tmp_path, capsys):
    assert train(tmp_path, *own_files(tmp_path), '--kinds', 'ridge')==0
    router = Router.load(tmp_path/'router')
    for prompts,message in (('add', 'one text where a list'), (['add', None], 'prompt 1 is None'), ([], 'no text')):
        with pytest.raises(InputError, match=message): router.score(prompts)
    with pytest.raises(InputError, match='tau is NaN'): router.route(['add'], float('nan'))
    assert np.isfinite(router.score(['', 'a\udcff', '你好', 'x y '*12_500])).all()
    for tau in ('nan', 'inf', 'x'):
        with pytest.raises(SystemExit): cli.main(['route', '--router', str(tmp_path/'router'), '--tau', tau, 'x'])
        assert f"'{tau}' is not a finite number" in capsys.readouterr().err


def test_a_choice_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match='choice seed, kinds, kind: there are seed and kinds'): train_router(*read_own(*own_files(tmp_path)), Pair('tiny', 'big'), 'hashing', tmp_path/'router', dict(kind=('ridge',)))


def test_prompts_are_embedded_before_anything_is_written(tmp_path, monkeypatch):
    "A kill while test tasks were embedded left a new router beside the scores of an old one."
    import llmr.routers as module
    tasks, outcomes = own_files(tmp_path, 60)
    tasks.write_text('\n'.join(json.dumps(json.loads(line) | dict(split='test' if i%3==0 else 'train')) for i,line in enumerate(tasks.read_text().splitlines())))
    real, calls = module.prompt_views, []
    monkeypatch.setattr(module, 'prompt_views', lambda *given: calls.append((tmp_path/'router').exists()) or real(*given))
    monkeypatch.setattr(Router, 'score', lambda *given: pytest.fail('a prompt was embedded again'))
    assert train(tmp_path, tasks, outcomes)==0 and calls==[False]


def test_a_third_is_a_third(tmp_path, capsys):
    "1-2/3 and 1/3-0 differ in the last digit; what looks like a gap that varies is none, and no label may come of it."
    tasks, outcomes = own_files(tmp_path)
    rows = [json.loads(line) for line in outcomes.read_text().splitlines()]
    outcomes.write_text('\n'.join(json.dumps(row | dict(n_passed=int(row['task_id'][1:])%3+(row['model']=='tiny'))) for row in rows))
    assert train(tmp_path, tasks, outcomes)==2
    assert 'differ by the same on every task' in capsys.readouterr().err
    passed = np.arange(30)%3
    x, small, large = np.random.default_rng(0).normal(size=(30, 2)), (passed+1)/3, passed/3
    for kind in ('ridge', 'head-shifted'):
        with pytest.raises(NothingToLearn): fit_estimator(kind, x, small, large)
    small[0] = large[0]
    assert ESTIMATORS['head-shifted']().labels(Examples({}, small[:, None], large[:, None])).tolist()==[0.]+[1.]*29


def test_models_graded_by_other_tests(tmp_path, capsys):
    "What a model wins would be counted in tests of another total."
    tasks, outcomes = own_files(tmp_path)
    rows = [json.loads(line) for line in outcomes.read_text().splitlines()]
    outcomes.write_text('\n'.join(json.dumps(row | dict(n_tests=5) if (row['task_id'], row['model'])==('t3', 'big') else row) for row in rows))
    assert train(tmp_path, tasks, outcomes)==2
    assert 'task t3 has other tests for tiny than for big' in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_models_that_do_not_differ(tmp_path, capsys):
    tasks, outcomes = own_files(tmp_path)
    rows = [json.loads(line) | dict(n_passed=2) for line in outcomes.read_text().splitlines()]
    outcomes.write_text('\n'.join(map(json.dumps, rows)))
    assert train(tmp_path, tasks, outcomes)==2
    assert 'nothing to learn' in capsys.readouterr().err and not (tmp_path/'router').exists()


def test_route_refuses_an_uncalibrated_share(tmp_path, capsys):
    assert train(tmp_path, *own_files(tmp_path), '--kinds', 'ridge')==0
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--target', '0.55', 'x'])==2
    assert 'not calibrated for a share of 0.55' in capsys.readouterr().err
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--target', '.20', 'x'])==0
    assert cli.main(['route', '--router', str(tmp_path/'router'), '--tau', '-9', 'x'])==0


OUTCOME = '{"task_id": 1, "model": "A", "n_tests": 3, "n_passed": 2}'


@pytest.mark.parametrize('tasks,outcomes,message', [
    ('task_id', '{"task_id": 1}', 'not valid JSON'), ('{"task_id": 1}', '{"task_id": 1}', "no column 'text'"), ('{"task_id": 1, "text": "a"}', '{"task_id": 2, "model": "A", "n_tests": 1, "n_passed": 1}', 'task 2 has outcomes'),
    ('{"task_id": 1, "text": "a"}', '{"task_id": 1, "model": "A", "n_tests": 1, "n_passed": 4}', '4 of 1 tests passed'),
    ('{"task_id": 1, "text": "a"}\n{"task_id": 1, "text": "b"}', OUTCOME, 'tasks.jsonl: tasks, row 1: second row for task_id=1'), ('{"task_id": 1, "text": null}', OUTCOME, 'tasks.jsonl: task 1 has no text'),
    ('{"task_id": 1, "text": "a\\ud83d"}', OUTCOME, r'tasks.jsonl, line 1: .*ud83d. is half of a character'), ('{"task_id": 1, "text": "a", "tests": "assert f(1)"}', OUTCOME, "tests of task 1 are the text 'assert"),
    ('{"task_id": "1", "text": "a"}', OUTCOME, "whose first is '1'"), ('{"task_id": 1, "text": "a", "split": "dev"}', OUTCOME, "'dev' is not one of train, validation, test"),
    ('{"task_id": 1, "text": "a", "split": "test"}', OUTCOME.replace('}', ', "split": "train"}'), 'another split'),
    ('{"task_id": 1, "text": "a"}\n{"task_id": null, "text": "b"}', OUTCOME, 'tasks.jsonl, row 1: task_id is empty'), ('{"task_id": 1, "text": "a"}', OUTCOME.replace('3', '1'+'0'*30), 'outcomes.jsonl, row 0: n_tests is 1'),
    *(('{"task_id": 1, "text": "a"}', OUTCOME.replace('2}', f'{value}}}'), f'row 0: n_passed is {shown}') for value,shown in (('null', '(None|nan)'), ('0.5', '0.5'), ('"2"', "'2'"), ('NaN', 'nan'), ('Infinity', 'inf')))])
def test_own_tables_that_are_wrong(tmp_path, tasks, outcomes, message):
    (tmp_path/'tasks.jsonl').write_text(tasks)
    (tmp_path/'outcomes.jsonl').write_text(outcomes)
    with pytest.raises(InputError, match=message): read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')


def test_own_tables_of_any_make(tmp_path):
    "Empty cells, a byte order mark, columns beyond the needed, an index that pandas kept, rows that were filtered."
    (tmp_path/'tasks.jsonl').write_bytes(b'\xef\xbb\xbf{"task_id": "a", "text": "x", "tests": null, "setup": null}\n\n{"task_id": "b", "text": "", "tests": ["assert f()"], "colour": 1}')
    rows = pd.DataFrame([dict(task_id=task_id, model=model, n_tests=1, n_passed=True, status=None, colour='red') for task_id in 'cab' for model in 'AB'])
    rows[rows.task_id!='c'].set_index('task_id').to_parquet(tmp_path/'named.parquet')
    rows[rows.task_id!='c'].to_parquet(tmp_path/'filtered.parquet')
    for name in ('named', 'filtered'):
        tasks, outcomes = read_own(tmp_path/'tasks.jsonl', tmp_path/f'{name}.parquet')
        assert [list(tests) for tests in tasks.tests]==[[], ['assert f()']] and tasks.setup.tolist()==['', '']
        assert len(outcomes)==4 and (outcomes.n_passed==1).all() and (outcomes.status=='ran').all() and (outcomes.split=='train').all()


def test_scores_written_as_text_are_numbers(tmp_path):
    (tmp_path/'s.jsonl').write_text('\n'.join(json.dumps(dict(task_id=i, score=score)) for i,score in enumerate(('0.10', 1, True))))
    assert read_scores(tmp_path/'s.jsonl', Pair('A', 'B')).score.tolist()==[.1, 1., 1.]
    (tmp_path/'s.jsonl').write_text('\n'.join(json.dumps(dict(task_id=7, score=.5)) for _ in range(2)))
    with pytest.raises(InputError, match='task 7 has two scores'): read_scores(tmp_path/'s.jsonl', Pair('A', 'B'))


def test_the_split_of_the_outcomes_keeps_test_tasks_out(tmp_path):
    (tmp_path/'tasks.jsonl').write_text('\n'.join(json.dumps(dict(task_id=i, text='x')) for i in range(3)))
    (tmp_path/'outcomes.jsonl').write_text('\n'.join(json.dumps(dict(task_id=i, model=m, n_tests=1, n_passed=1, split=split)) for i,split in enumerate(('train', 'test')) for m in 'AB'))
    assert read_own(tmp_path/'tasks.jsonl', tmp_path/'outcomes.jsonl')[0].split.tolist()==['train', 'test', 'train']


def test_the_hash_of_data_sees_a_value():
    frame = pd.DataFrame(dict(a=[1, 2]))
    assert data_hash([frame])!=data_hash([frame.assign(a=[1, 3])])


# ---- recordings of others

@pytest.mark.parametrize('name,tasks,models,samples', [('humaneval', 164, 3, 10), ('mbpp500', 500, 3, 1), ('routerbench', 427, 11, 1)])
def test_recordings_of_others(recorded_data, name, tasks, models, samples):
    if not (recorded_data/'extracts').is_dir(): pytest.skip('no extracts in the recorded data')
    found, outcomes, costs = load_extract(name)
    assert len(found)==tasks and outcomes.model.nunique()==models==len(costs) and outcomes['sample'].nunique()==samples and len(outcomes)==tasks*models*samples
    assert costs.cost_usd.notna().all()==(name=='routerbench')


@pytest.mark.parametrize('content,message', [(b'x', 'cannot be read'), (gzip.compress(b'{"a', mtime=0), 'line 1: not valid JSON'), (gzip.compress(b'{"prompt": "a"}', mtime=0), "no 'task_id'")])
def test_a_damaged_recording_is_named(tmp_path, content, message):
    (tmp_path/'tasks.jsonl.gz').write_bytes(content)
    with pytest.raises(InputError, match=message): read_extract(tmp_path/'tasks.jsonl.gz', tmp_path/'tasks.jsonl.gz')


# ---- the headline

def test_the_candidates_are_kinds(): assert set(CANDIDATES)<=set(ESTIMATORS) and 'stack' in CANDIDATES
