"What more tasks would buy: forecasts against lines, simulated curves, and what `train` and `verdict` say of them."
import json

import numpy as np
import pandas as pd
import pytest
from own_files import own_files

from llmr import cli
from llmr.ceilings import pair_ceiling
from llmr.core import InputError
from llmr.forecast import GainCurve, forecast_gain, forecast_text
from llmr.own_data import scores_forecast
from llmr.runs import Pair
from llmr.selection import Study, forecast_check, gain_curve


def exact(gains, tasks=(10, 20, 40), now=50):
    "A curve without any error."
    gains = np.asarray(gains, float)
    return GainCurve(np.array(tasks), np.stack([gains, gains]), np.stack([gains]*3), now)


def test_a_forecast_of_a_line_is_the_line():
    rows = forecast_gain(exact([1, 2, 3], now=40), ceiling=4.5)
    assert [row['tasks'] for row in rows]==[40, 80, 160]
    assert [row['gain'] for row in rows]==pytest.approx([3, 4, 4.5]), 'no forecast exceeds the ceiling'
    assert [row['share'] for row in rows]==pytest.approx([3/4.5, 4/4.5, 1])
    assert rows[1]['low']==pytest.approx(4)==rows[1]['high']
    assert np.isnan(forecast_gain(exact([1, 2, 3]))[0]['share'])


def test_no_line_falls_and_no_share_is_negative():
    rows = forecast_gain(exact([-1, -2, -3]), ceiling=4.)
    assert [row['gain'] for row in rows]==pytest.approx([-2]*3) and {row['share'] for row in rows}=={0}
    assert 'promise nothing' in forecast_text(rows)


def test_forecasts_contain_what_is_measured_later():
    "Curves whose tasks, folds and later measurement all err, as real ones do."
    rng, inside, n = np.random.default_rng(0), 0, 400
    for _ in range(n):
        truth = .8*np.log2([40, 80, 160])
        seen = truth+rng.normal(0, .7) # of the tasks that happen to be there
        resampled = truth+rng.normal(0, .7, (200, 1))
        curve = GainCurve(np.array([40, 80, 160]), seen+rng.normal(0, .2, (2, 3)), resampled, 200)
        row, = forecast_gain(curve, (2,))
        inside += row['low']<=.8*np.log2(400)+rng.normal(0, .7/2**.5)<=row['high']
    assert .92<=inside/n<=.98


@pytest.mark.parametrize('curve,times,message', [
    (exact([1, 2, 3], (10, 10, 10)), (2,), 'at 1 numbers'), (exact([1, 2, np.nan]), (2,), 'needs finite'),
    (GainCurve(np.array([10, 20]), np.ones((1, 2)), np.ones((3, 2)), 30), (2,), 'two draws of folds'),
    (exact([1, 2, 3]), (0,), 'not above 0')])
def test_a_curve_that_tells_nothing_is_refused(curve, times, message):
    with pytest.raises(InputError, match=message): forecast_gain(curve, times)


def test_a_ceiling_takes_two_different_answers_a_task():
    rows = [dict(task_id=task, split='train', model=model, sample=sample, n_tests=1, n_tokens=sample+task, tests=[],
                 n_passed=task%2 if model=='A' else 1, errors=[], status='ran')
            for task in range(30) for model in 'AB' for sample in (0, 1)]
    outcomes, pair = pd.DataFrame(rows), Pair('A', 'B')
    assert pair_ceiling(outcomes, pair, range(30))==pytest.approx(12.5, abs=1)
    more = pd.concat([outcomes, outcomes[outcomes['sample']==0].assign(task_id=lambda rows: rows.task_id+100)])
    both = pair_ceiling(more, pair, more.task_id.unique())
    assert both==pair_ceiling(outcomes, pair, range(30)), 'tasks with one sample are left out'
    assert np.isnan(pair_ceiling(outcomes, pair, range(10))), 'too few'
    assert np.isnan(pair_ceiling(outcomes[outcomes['sample']==0], pair, range(30)))
    assert np.isnan(pair_ceiling(outcomes.assign(n_tokens=1), pair, range(30))), 'one text'


def twins():
    "40 pairs of tasks with one prompt each."
    rng = np.random.default_rng(0)
    x, small = np.repeat(rng.normal(size=(40, 8)), 2, axis=0).astype(np.float32), np.repeat(rng.random(40), 2)
    paired = pd.DataFrame(dict(small_tests=1., small_passed=small, large_tests=1., large_passed=.5))
    return Study('made up', Pair('A', 'B'), np.arange(80), dict(prompt=x), small[:, None], np.full((80, 1), .5),
                 np.zeros((80, 0)), np.full((80, 1), np.nan), paired, np.repeat(np.arange(40), 2))


def test_twins_are_drawn_together():
    checked = forecast_check(twins(), 'knn', 60, 0)
    assert checked['tasks']==60 and checked['low']<=checked['forecast']<=checked['high']
    curve = gain_curve(twins(), 'knn', n_resamples=10)
    assert curve.tasks.tolist()==[16, 32, 64] and curve.gain.shape==(2, 3) and curve.resampled.shape==(10, 3)


def test_train_and_verdict_say_what_more_tasks_would_buy(tmp_path, capsys):
    tasks, outcomes = own_files(tmp_path, 60)
    options = ['--small', 'tiny', '--large', 'big']
    assert cli.main(['train', str(tasks), str(outcomes), *options, '--encoder', 'hashing', '--estimators', 'ridge',
                     '--hold-out', '10', '--out', str(tmp_path/'router')])==0
    said = capsys.readouterr().out
    assert 'What more tasks would buy (ridge)' in said and '200 tasks' in said
    scores = tmp_path/'router'/'scores.parquet'
    cli.main(['verdict', str(outcomes), *options, '--scores', str(scores), '--json'])
    rows = json.loads(capsys.readouterr().out)['verdicts'][0]['forecast']
    assert [row['tasks'] for row in rows]==[50, 100, 200]
    card = json.loads((tmp_path/'router'/'router.json').read_text())
    assert card['forecast']==rows
    assert cli.main(['report', str(outcomes), *options, '--scores', str(scores), '--out', str(tmp_path/'page.html')])==0
    assert 'What more tasks would buy' in (tmp_path/'page.html').read_text()
    assert scores_forecast(None, Pair('big', 'tiny'), scores)==('', []), 'a router of other models'
    (tmp_path/'router'/'router.json').write_text(json.dumps(card | dict(forecast=[dict(tasks='many')])))
    with pytest.raises(InputError, match='Train the router again'): scores_forecast(None, Pair('tiny', 'big'), scores)


def test_a_run_says_it_of_the_router_that_it_chose(tmp_path, monkeypatch):
    rows = [row | dict(pair=pair, router='stack') for pair in ('A-B', 'B-C') for row in forecast_gain(exact([1, 2, 3]))]
    (tmp_path/'tables').mkdir()
    pd.DataFrame(rows).to_csv(tmp_path/'tables'/'forecast.csv', index=False)
    monkeypatch.setattr('llmr.own_data.is_current', lambda folder, stage: stage=='09_selection')
    text, told = scores_forecast(tmp_path, Pair('A', 'B'))
    assert len(told)==3 and 'What more tasks would buy (stack)' in text and 'cannot be told' in text
    assert scores_forecast(tmp_path, Pair('A', 'B'), router='head-strict')==('', [])
    assert scores_forecast(tmp_path, Pair('A', 'C'))==('', [])
    monkeypatch.setattr('llmr.own_data.is_current', lambda folder, stage: False)
    assert scores_forecast(tmp_path, Pair('A', 'B'))==('', []), 'tables that changed since'


def test_few_groups_have_a_curve():
    "With five groups, the smallest part of the tasks is one group, and its own fold has nothing to learn from."
    study = twins().rows(np.arange(20))
    few = Study(study.data, study.pair, study.task_ids, study.views, study.small, study.large, study.others,
                study.brevity, study.paired, np.repeat(np.arange(5), 4))
    for seed in range(6): assert np.isfinite(gain_curve(few, 'knn', seed=seed, n_resamples=5).gain).all()
