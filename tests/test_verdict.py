"The verdict: hand-computed references, known truths, and what is refused."
import json
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from llmr.cli import main
from llmr.core import InputError
from llmr.runs import Pair
from llmr.evaluation import bootstrap_weights, deferral_curve, gain_over_random, paired_outcomes, performance_gap
from llmr.verdict import (
    MAX_TASKS, Verdict, ceiling_gain, check_power, check_verdict, compare_policies, decide, gap_band, headroom, operating_points,
    mcnemar, pair_tasks, planned_power, routing_shares, simulate_pairs, tasks_needed, verdict_text)

AB = Pair('A', 'B')


def outcomes_of(small, large, split='test', n_tests=3):
    "Outcomes from (N, M) passed tests of both models."
    rows = [dict(task_id=task, split=split, model=model, sample=sample, n_tests=n_tests, n_passed=int(passed))
            for model,matrix in zip('AB', (small, large)) for task,samples in enumerate(matrix) for sample,passed in enumerate(np.atleast_1d(samples))]
    return pd.DataFrame(rows)


@pytest.fixture(scope='module')
def made_up():
    rng = np.random.default_rng(0)
    return outcomes_of(rng.integers(0, 4, (80, 1)), rng.integers(0, 4, (80, 1)))


def test_mcnemar_by_hand():
    small, large = [1]*1+[0]*9+[1]*5+[0]*5, [0]*1+[1]*9+[1]*5+[0]*5
    assert mcnemar(small, large)==(1, 9, pytest.approx(2*(1+10)/2**10))
    assert mcnemar([1, 0], [1, 0])==(0, 0, 1.)


def test_headroom_by_hand():
    room = headroom(outcomes_of([3, 3, 0, 1, 2], [3, 0, 3, 1, 3]), AB)
    assert (room['tasks'], room['samples'], room['tied'], room['discordant'])==(5, 1, pytest.approx(2/5), pytest.approx(3/5))
    assert (room['only_small'], room['only_large'], room['mcnemar_p'])==(pytest.approx(1/5), pytest.approx(2/5), 1.)
    assert np.isnan(room['ceiling_gain'])


def test_a_ceiling_knows_no_luck():
    rng = np.random.default_rng(1)
    luck = rng.random((2, 2000, 4))<.5
    assert abs(ceiling_gain(*luck.astype(float), 3)[0])<1.5, 'equal models: nothing to know'
    sure = np.repeat(rng.random((2, 200, 1))<.5, 3, 2).astype(float)
    one = pd.DataFrame(dict(small_passed=sure[0, :, 0], large_passed=sure[1, :, 0], large_tests=1))
    gain, low, high = ceiling_gain(*sure, 2, bootstrap_weights(200, 500))
    assert gain==pytest.approx(gain_over_random(sure[0, :, 0]-sure[1, :, 0], one)) and low<gain<high
    for known in (0, 3):
        with pytest.raises(InputError, match=f'{known} known samples of 3'): ceiling_gain(*sure, known)


def test_the_recorded_ceilings(shipped, pairs):
    "A router that knew nine of ten samples: +7.9, +9.7, +12.0 (errata 10), within its interval."
    for pair,known in zip(pairs, (7.9, 9.7, 12.)):
        room = headroom(shipped('outcomes'), pair, 'train')
        assert room['low']<known<room['high'] and abs(room['ceiling_gain']-known)<.3 and room['oracle_gain']>room['ceiling_gain']


def test_a_band_without_losses_is_that_of_four_more_tasks():
    gap, low, high, critical = gap_band(np.zeros((50, 2)), np.ones(50), bootstrap_weights(50, 200))
    assert critical==pytest.approx(norm.ppf(.975)) and low==pytest.approx(np.full(2, -critical*2/50)) and high==pytest.approx(-low) and not gap.any()


def test_a_band_is_the_bootstrap_written_out(made_up):
    paired = pair_tasks(made_up, AB)
    share = routing_shares(np.arange(80), [60, 20])
    won, tests, weights = share*(paired.small_passed-paired.large_passed).to_numpy()[:, None], paired.large_tests.to_numpy(), bootstrap_weights(80, 400, 3)
    gap, low, high, critical = gap_band(won, tests, weights)
    again = np.array([[performance_gap(paired.iloc[rows], small.astype(bool)[rows]) for small in share.T] for rows in (np.repeat(np.arange(80), weight) for weight in weights)])
    assert gap==pytest.approx([performance_gap(paired, small.astype(bool)) for small in share.T])
    assert critical==pytest.approx(max(1.959964, np.quantile((np.abs(again-gap)/again.std(0)).max(1), .95)), rel=1e-4)
    assert high-gap==pytest.approx(critical*np.sqrt(again.std(0)**2+4/80**2), rel=1e-4)
    both = gap_band(np.stack([won, 2*won], 1), np.stack([tests, tests], 1), weights)
    assert both[0][0]==pytest.approx(gap) and both[1][0]==pytest.approx(low) and both[0][1]==pytest.approx(2*gap)


def test_repeated_samples_are_no_new_tasks(made_up):
    ten = pd.concat([made_up.assign(sample=sample) for sample in range(10)], ignore_index=True)
    pd.testing.assert_frame_equal(operating_points(ten, AB), operating_points(made_up, AB))
    uneven = pd.concat([made_up, made_up[(made_up.model=='A') & (made_up.task_id<9)].assign(sample=1)], ignore_index=True)
    pd.testing.assert_frame_equal(operating_points(uneven, AB), operating_points(made_up, AB))


def test_gain_over_random_at_the_realised_share(made_up):
    paired, scores = pair_tasks(made_up, AB), np.random.default_rng(2).random(80)
    ways = compare_policies(paired, routing_shares(scores, [.7, .3]), 500)
    for row,tau in zip(ways.itertuples(), (.7, .3)):
        small = scores>=tau
        assert row.cost_advantage==pytest.approx(small.mean())
        assert row.over_random==pytest.approx(performance_gap(paired, small)-small.mean()*performance_gap(paired, np.ones(80, bool)))
        assert row.over_low<row.over_random<row.over_high
    assert ways.over_random.iloc[-1]==pytest.approx(0, abs=1e-12)
    assert operating_points(made_up, AB)[['over_random', 'over_low', 'over_high']].abs().to_numpy().max()<1e-9, 'random routing gains nothing over itself'


def test_ten_thousand_tasks_take_little_memory():
    "As the resamples all at once would have it, in 100 MB: they would take four times that."
    rng = np.random.default_rng(3)
    paired = pd.DataFrame(dict(small_passed=rng.integers(0, 4, 10_000), large_passed=rng.integers(0, 4, 10_000), small_tests=3, large_tests=3))
    share = routing_shares(rng.random(10_000), [.6])
    tracemalloc.start()
    ways = compare_policies(paired, share, 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak<1e8, f'{peak/1e6:.0f} MB'
    won = share*(paired.small_passed-paired.large_passed).to_numpy()[:, None]
    _, low, high, critical = gap_band(won, np.full(10_000, 3), bootstrap_weights(10_000, 2000))
    assert ways.low.to_numpy()==pytest.approx(low, rel=1e-4) and ways.high.to_numpy()==pytest.approx(high, rel=1e-4) and ways.critical[0]==pytest.approx(critical, rel=1e-4)


def test_planned_power_by_hand():
    assert planned_power(400, .5, .1)==pytest.approx(norm.cdf((.1-1.96*np.sqrt(.025**2+4/400**2))/.025))
    n = tasks_needed(.4, .05, .9, 2.4)
    assert planned_power(n, .4, .05, 2.4)>=.9>planned_power(n-1, .4, .05, 2.4)
    assert tasks_needed(.4, 0.)==tasks_needed(.4, -.1)==MAX_TASKS
    for power in (0, 1, 1.5):
        with pytest.raises(InputError, match='must lie between 0 and 1'): tasks_needed(.4, .05, power)


def ways_of(*rows):
    return pd.DataFrame([dict(cost_advantage=share, performance_gap=gap, low=gap-half, high=gap+half, sd=.5, critical=2., tasks=100) for share,gap,half in rows])


def test_the_three_answers():
    assert decide(ways_of((.2, .0, .005), (.5, .0, .009), (1., -.2, .05)))==Verdict('ROUTE', .5, 1)
    assert str(decide(ways_of((.2, -.1, .02), (1., -.2, .05))))=="DON'T"
    assert decide(ways_of((.05, .0, .005), (1., -.2, .05))).word=="DON'T", 'a way below the smallest cost advantage counts for nothing'
    assert decide(ways_of((.05, .0, .005), (1., -.2, .05)), least=.05).word=='ROUTE'
    hopeful = decide(ways_of((.2, .04, .06), (1., -.2, .05)))
    assert hopeful.word=='NEED' and hopeful.more==tasks_needed(.5, .05, .8, 2.)-100
    hopeless = decide(ways_of((.2, -.05, .06), (1., -.2, .05)))
    assert hopeless.more==tasks_needed(.5, .04, .8, 2.)-100
    assert str(decide(ways_of((.2, -.01, .06), (1., -.2, .05))))==f'NEED OVER {MAX_TASKS:,} MORE TASKS'
    for margin in (-.01, 1., 5):
        with pytest.raises(InputError, match='a fraction from 0 up to 1'): decide(ways_of((1., 0, .1)), margin)
    with pytest.raises(InputError, match='smallest cost advantage'): decide(ways_of((1., 0, .1)), least=1.1)


@pytest.mark.parametrize('rows,said', [
    ([(.2, -.05, .06), (1., .0, .05)], 'to exclude a larger loss at 100% to A'),
    ([(.2, .04, .06), (1., -.2, .05)], 'to exclude a larger loss at 20% to A'),
    ([(.05, .0, .06), (.4, -.04, .06), (1., -.03, .05)], 'to show that every row loses more, so that B stays')])
def test_need_says_what_the_tasks_are_needed_for(made_up, rows, said):
    "The sentence is about the row that the number was counted for, one that is worth having."
    ways = ways_of(*rows).assign(tau=0., over_random=0., over_low=-.1, over_high=.1)
    found = decide(ways)
    assert found.word=='NEED' and f'So many more would be needed {said}, ' in verdict_text(found, ways, headroom(made_up, AB), AB, .01)


def test_simulated_truths_are_true():
    for samples in (1, 5):
        won = simulate_pairs([-.01, -.03, -.02, -.04], 500, samples, 2000, seed=3)
        error = won.mean(0).std(0)/np.sqrt(2000)
        assert (np.abs(won.mean((0, 1))-[-.01, -.03, -.02, -.04])<4*error).all()
    with pytest.raises(InputError, match='too large to simulate'): simulate_pairs([-.5, .5])


@pytest.mark.parametrize('n,samples,margin', [(500, 1, .01), (500, 1, .03), (150, 1, .01), (374, 10, .01), (80, 2, .05)])
def test_wrong_routes_and_coverage(n, samples, margin):
    "2,000 simulations with every way exactly at the margin: at most 5% may route, and at least 93% of the bands hold all truths."
    found = check_verdict([-margin]*5, n, samples, margin, seed=1)
    assert found['wrong']<=.05 and found['covered']>=.93, found


@pytest.mark.parametrize('expected', [2, 5, 8, 12, 20])
def test_few_losses_and_no_gain_are_no_licence(expected):
    "The skewest case: the small model never wins, and loses so many tasks of 200 that the truth sits at the margin."
    won = -(np.random.default_rng(4).random((200, 2000, 1))<expected/200).astype(np.float32)
    low = gap_band(won, np.ones((200, 2000)), bootstrap_weights(200, 500))[1]
    assert (low>-expected/200).mean()<=.05


def test_coverage_where_nothing_is_lost_and_where_much_is():
    for gaps in ([0.]*4, [-.05, -.1, -.15, -.2], [-.01, .0, -.01, .0]):
        found = check_verdict(gaps, 300, 1, .01, seed=2)
        assert found['covered']>=.93 and found['wrong']<=.05, (gaps, found)


@pytest.mark.parametrize('effect,power', [(.05, .5), (.05, .8), (.1, .9)])
def test_planned_power_on_recorded_pairs(shipped, pairs, effect, power):
    for pair in pairs:
        paired = pair_tasks(shipped('outcomes'), pair)
        won = np.outer((paired.small_passed-paired.large_passed)/paired.large_tests.mean(), [.5, 1.])
        found = check_power(won, 1, effect, power, gap_band(won, np.ones(len(won)), bootstrap_weights(len(won)))[3])
        assert abs(found['planned']-power)<.03 and abs(found['planned']-found['empirical'])<=.05, (pair, found)


def test_recorded_pairs(shipped, pairs):
    said = {pair.name: str(decide(operating_points(shipped('outcomes'), pair))) for pair in pairs}
    assert said=={'1B-8B': "DON'T", '8B-70B': 'ROUTE at cost advantage 1.00', '1B-70B': "DON'T"}


def test_a_whole_curve_resampled_ten_thousand_times_takes_two_seconds(shipped, pairs):
    paired, scores = paired_outcomes(shipped('outcomes'), pairs[0]), np.random.default_rng(0).random(500)
    start = time.process_time()
    ways = compare_policies(paired, routing_shares(scores, np.sort(scores)[::-1][:-1]), 10_000)
    took = time.process_time()-start
    assert ways.performance_gap.to_numpy()==pytest.approx(deferral_curve(scores, paired)[1][1:]) and took<2, f'{took:.1f} s'


def test_what_cannot_be_judged(made_up):
    with pytest.raises(InputError, match="small and large are both 'A'"): pair_tasks(made_up, Pair('A', 'A'))
    with pytest.raises(InputError, match="no outcome of model 'C' on split test; there are A, B"): operating_points(made_up, Pair('A', 'C'))
    with pytest.raises(InputError, match="no outcome of model 'A' on split train; there are none"): operating_points(made_up, AB, split='train')
    with pytest.raises(InputError, match='task 79 .test. has outcomes of only one model'): operating_points(made_up[:-1], AB)
    with pytest.raises(InputError, match='task 7 has other tests'): pair_tasks(made_up.assign(n_tests=np.where((made_up.task_id==7) & (made_up.model=='A'), 4, 3)), AB)
    with pytest.raises(InputError, match='task 3 has outcomes and no score'): operating_points(made_up, AB, pd.DataFrame(dict(task_id=[0, 1, 2], split='test', score=.5)))


def write(folder, small, large, scores=None):
    "Own files, as a user would bring them."
    lines = [dict(task_id=f't{i}', model=model, n_tests=1, n_passed=int(solved)) for model,column in zip('AB', (small, large)) for i,solved in enumerate(column)]
    (folder/'o.jsonl').write_text('\n'.join(map(json.dumps, lines)))
    if scores is not None: (folder/'s.jsonl').write_text('\n'.join(json.dumps(dict(task_id=f't{i}', score=score)) for i,score in enumerate(scores)))
    return [str(folder/'o.jsonl'), '--small', 'A', '--large', 'B']


@pytest.mark.parametrize('lost,code,told', [(0, 0, 'ROUTE at cost advantage 1.00'), (100, 3, "DON'T"), (4, 4, 'NEED ')])
def test_the_command_answers_by_text_and_exit_code(tmp_path, capsys, lost, code, told):
    solved = np.arange(400)%2==0
    line = write(tmp_path, solved & (np.arange(400)>=2*lost), solved)
    assert main(['verdict', *line])==code
    assert capsys.readouterr().out.startswith(told)


def test_the_command_with_scores_and_a_certificate(tmp_path, capsys):
    rng = np.random.default_rng(0)
    ease = rng.random(600)
    line = write(tmp_path, ease>.5, ease>.2, ease.tolist())
    assert main(['verdict', *line, '--scores', str(tmp_path/'s.jsonl'), '--certify', '.05'])==0
    shown = capsys.readouterr().out
    assert shown.startswith('ROUTE at cost advantage 0.40') and 'Send a task to A where its score is at least' in shown and 'CERTIFIED: scores from' in shown
    assert main(['verdict', *line, '--scores', str(tmp_path/'s.jsonl'), '--certify', '.001'])==0
    assert 'REFUSED: no threshold on 600 tasks' in capsys.readouterr().out


@pytest.mark.parametrize('more,told', [
    (['--margin', '1'], 'a fraction from 0 up to 1'), (['--small', 'C'], "no outcome of model 'C'"), (['--large', 'A'], "both 'A'"), (['--certify', '.1'], 'Give --scores FILE'),
    (['--scores', 'gone.jsonl'], 'gone.jsonl: no such file'), (['--least', '2'], 'smallest cost advantage'), (['--split', 'train'], 'on split train')])
def test_the_command_refuses(tmp_path, capsys, more, told):
    assert main(['verdict', *write(tmp_path, [1, 0, 1], [1, 1, 0]), *more])==2
    shown = capsys.readouterr()
    assert told in shown.err and not shown.out


@pytest.mark.parametrize('line,told', [
    ('{"task_id": "t0", "model": "A", "n_tests": "many", "n_passed": 0}', "n_tests is 'many'"), ('{"task_id": "t0", "model": "A", "n_tests": 1}', "n_passed"),
    ('{"task_id": "t0", "model": "A", "n_tests": 1, "n_passed": 2}', '2 of 1 tests passed'), ('{"task_id"', 'not valid JSON')])
def test_the_command_names_the_damage(tmp_path, capsys, line, told):
    (tmp_path/'o.jsonl').write_text(line)
    assert main(['verdict', str(tmp_path/'o.jsonl'), '--small', 'A', '--large', 'B'])==2
    shown = capsys.readouterr().err
    assert 'o.jsonl' in shown and told in shown


@pytest.mark.parametrize('scores,told', [([.1], 'task t1 has outcomes and no score'), ([.1, None, .2], "score of task 't1'"), ([.1, 'high', .2], "score of task 't1'")])
def test_the_command_wants_whole_scores(tmp_path, capsys, scores, told):
    line = write(tmp_path, [1, 0, 1], [1, 1, 0], scores)
    assert main(['verdict', *line, '--scores', str(tmp_path/'s.jsonl')])==2
    assert told in capsys.readouterr().err


def test_the_command_reads_a_run_and_keeps_its_router_from_what_it_learned_on(toy_run, capsys):
    line = ['verdict', str(toy_run[0]), '--small', 'small', '--large', 'large']
    assert main(line) in (0, 3, 4) and '20 tasks, 1 sample each' in capsys.readouterr().out
    assert main([*line, '--split', 'train']) in (0, 3, 4) and '20 tasks, 10 samples each' in capsys.readouterr().out
    assert main([*line, '--split', 'train', '--router', 'head-strict'])==2 and 'was trained on split train' in capsys.readouterr().err
    assert main([*line, '--router', 'no-such'])==2 and "no router 'no-such' for small-large; there are head-" in capsys.readouterr().err
    assert main(['verdict', str(toy_run[0]/'figures'), '--small', 'small', '--large', 'large'])==2 and 'outcomes.parquet: no such file' in capsys.readouterr().err
