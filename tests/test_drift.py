"Drift: uniform ranks without a change, alarms with one, and MBPP traffic that turns into HumanEval's."
import numpy as np
import pandas as pd
import pytest

from llmr.core import InputError
from llmr.drift import Drift, conformal_ranks, drift_wealth, find_drift, withdraw, withdrawal
from llmr.estimators import fit_estimator
from llmr.features import prompt_views
from llmr.harness import load_extract
from llmr.problem import task_prompts


def series(values, prefix='t'):
    return pd.Series(np.asarray(values, float), [f'{prefix}{i}' for i in range(len(values))])


def test_a_rank_is_a_place_among_those_before():
    ranks = conformal_ranks([1, 2, 3], [10, -1, 2.5])
    assert 0<ranks[0]<.25 and .8<ranks[1]<1
    assert 2/6<ranks[2]<3/6, 'two of the five before are larger'


@pytest.mark.parametrize('values', [2, 3, 1000])
def test_ranks_are_uniform_without_a_change(values):
    drawn = np.random.default_rng(0).integers(0, values, (150, 60))
    ranks = np.concatenate([conformal_ranks(world[:30], world[30:], seed) for seed,world in enumerate(drawn)])
    counts = np.histogram(ranks, 10, (0, 1))[0]
    assert ((counts-450)**2/450).sum()<27.9, '99.9% of chi-squared with nine degrees of freedom'


def test_wealth_is_fair():
    "Each bet wins nothing on average over a uniform rank, and cannot go broke."
    grid = (np.arange(20_000)+.5)/20_000
    won = np.exp([drift_wealth(np.array([rank]))[0] for rank in grid[::100]])
    assert won.min()>0 and won.mean()==pytest.approx(1, abs=1e-3)


def alarms(worlds, calibration, **more):
    return np.mean([bool(find_drift(dict(score=w[:calibration]), dict(score=series(w[calibration:])), **more))
                    for w in worlds])


@pytest.mark.parametrize('values', [3, 1000])
def test_false_alarms(values):
    worlds = np.random.default_rng(1).integers(0, values, (120, 160))
    assert alarms(worlds, 40)<=.1


@pytest.mark.parametrize('change', [lambda x: x+1, lambda x: x-1, lambda x: 3*x, lambda x: x/4],
                         ids=['up', 'down', 'wide', 'narrow'])
def test_every_kind_of_change_is_found(change):
    worlds = np.random.default_rng(2).normal(size=(20, 400))
    worlds[:, 200:] = change(worlds[:, 200:])
    assert alarms(worlds, 150)>=.9


def test_the_alarm_says_since_when_and_which_tasks():
    rng = np.random.default_rng(3)
    traffic = series(np.append(rng.normal(size=100), rng.normal(3, 1, 60)))
    drift = find_drift(dict(score=rng.normal(size=150), gap=np.zeros(20)), dict(score=traffic, gap=traffic[:0]))
    assert drift.value=='score' and abs(drift.began-100)<10 and 100<drift.alarm<130 and drift.needed==40
    places = [int(task[1:]) for task in drift.moved]
    assert len(places)>35 and min(places)>=drift.began and traffic[drift.moved[0]]==traffic[list(drift.moved)].max()


def test_a_change_begins_where_it_may():
    rng = np.random.default_rng(4)
    traffic = series(np.append(rng.normal(size=95), rng.normal(3, 1, 60)))
    drift = find_drift(dict(score=rng.normal(size=150)), dict(score=traffic), starts=dict(score=[0, 50, 100]))
    assert drift.began==100 and str(drift).count('since about task 101')==1


@pytest.mark.parametrize('calibration,traffic,message', [
    ([], [1.], 'no calibration task'), ([1., np.nan], [1.], 'not finite'), ([1.], [np.inf], 'not finite')])
def test_what_cannot_be_ranked(calibration, traffic, message):
    with pytest.raises(InputError, match=message): find_drift(dict(score=calibration), dict(score=series(traffic)))


def test_no_traffic_is_no_drift(): assert not find_drift(dict(score=[1.]), dict(score=series([])))


def test_a_withdrawal_stands(tmp_path):
    first = Drift('score', 3, 9, 30., 20., ('a',))
    withdraw(tmp_path, first)
    withdraw(tmp_path, Drift('gap', 1, 2, 30., 20.))
    assert 'the score of present traffic' in withdrawal(tmp_path) and withdrawal(tmp_path/'other')==''
    (tmp_path/'withdrawn.json').write_text('{')
    with pytest.raises(InputError, match='withdrawn.json: cannot be read'): withdrawal(tmp_path)
    with pytest.raises(InputError, match='cannot be written'): withdraw(tmp_path/'withdrawn.json', first)


@pytest.fixture(scope='module')
def router(shipped):
    "`(a router's estimator for 8B and 70B, its scores of the MBPP tasks that it did not learn from)`."
    outcomes, tasks = shipped('outcomes'), shipped('tasks')
    rates = (outcomes.n_passed/outcomes.n_tests).groupby([outcomes.task_id, outcomes.model]).mean().unstack()
    views = shipped('views')
    vectors = views[views.view=='ngrams'].set_index('task_id').vector
    ngrams, learned = np.stack(vectors.loc[tasks.task_id]).astype(np.float32), tasks.split=='train'
    small, large = (rates.loc[tasks.task_id[learned], model].to_numpy() for model in ('8B', '70B'))
    fitted = fit_estimator('ridge-ngrams', dict(ngrams=ngrams[learned]), small, large)
    return fitted, fitted.score(dict(ngrams=ngrams[~learned]))


def test_mbpp_traffic_raises_no_alarm(router):
    rng, scores = np.random.default_rng(0), router[1]
    assert alarms([rng.permutation(scores) for _ in range(60)], 200)<=.1


def test_mbpp_traffic_that_turns_into_humaneval_traffic(router, recorded_data):
    "The alarm comes within 200 tasks of HumanEval's in 90% of the draws, and moved tasks are HumanEval's."
    estimator, mbpp = router
    tasks = load_extract('humaneval')[0]
    humaneval = estimator.score(prompt_views(task_prompts(tasks), 'hashing', ('ngrams',)))
    rng, found = np.random.default_rng(1), []
    for _ in range(20):
        mixed = rng.permutation(mbpp)
        before, turned = series(mixed[200:300], 'mbpp'), series(rng.choice(humaneval, 200), 'humaneval')
        found.append(find_drift(dict(score=mixed[:200]), dict(score=pd.concat([before, turned]))))
    assert np.mean([bool(drift) and 100<=drift.alarm<300 for drift in found])>=.9
    moved = [task.startswith('humaneval') for drift in found for task in drift.moved]
    assert np.mean(moved)>.9
