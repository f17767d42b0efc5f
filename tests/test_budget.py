"The order of a budgeted cascade against orders worked by hand; the saved policy; what it gains on recorded data."
import json

import numpy as np
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.budget import (
    BudgetedCascade, Order, best_result, budget_curves, budget_rows, budget_taus, certified_row, fit_order, observed,
    add_signals, known_signals, one_trial, program_result, rank_gains, result_gains, trial_groups)
from llmr.cascade import apply_gates, score_on, split_ids, tasks_study
from llmr.core import InputError
from llmr.costs import add_costs
from llmr.estimators import fit_estimator
from llmr.evaluation import bootstrap_weights, deferral_curve, gain_over_random
from llmr.features import prompt_views
from llmr.problem import route
from llmr.router import Router
from llmr.runs import Pair, get_pairs, get_profile
from llmr.selection import fit_on
from llmr.trials import visible_test_trials

PAIR, ORDERS = Pair('A', 'B'), ('ran', 'passed', 'passed, then ran')


def made_up(n=60, seed=0):
    "Trials of n tasks whose programs pass, fail or crash at random, and whose score says a little."
    rng = np.random.default_rng(seed)
    kinds = rng.choice(['passed passed passed', 'passed failed passed', 'failed failed failed', 'error error error'], n)
    large = rng.choice(['passed passed passed', 'failed failed failed'], n, p=[.7, .3])
    words = {('A', i, 0): text for i,text in enumerate(kinds)} | {('B', i, 0): text for i,text in enumerate(large)}
    trials = visible_test_trials(outcomes_of(words), PAIR)
    gap = (trials.small_passed-trials.large_passed).groupby(trials.task_id).transform('mean')
    return trials.assign(score=gap/4+trials.task_id.map(dict(enumerate(rng.normal(size=n)))))


@pytest.fixture(scope='module')
def trials(): return made_up()


# ---- the order

@pytest.mark.parametrize('result', ORDERS)
def test_the_result_counts_first_and_the_score_breaks_ties(trials, result):
    columns = list({'ran': ['runs'], 'passed': ['passes']}.get(result, ['passes', 'runs']))
    scores = fit_order(trials, result).of(trials)
    by_hand = trials.sort_values([*columns, 'score'], ascending=False, kind='stable')
    assert (np.diff(scores[by_hand.index])<=0).all()
    tied = by_hand.duplicated([*columns, 'score']).to_numpy()[1:]
    assert ((np.diff(scores[by_hand.index])==0)==tied).all()


@pytest.mark.parametrize('result', ORDERS)
def test_every_gate_is_a_point_of_the_curve(trials, result):
    order = fit_order(trials, result)
    x, gap = deferral_curve(order.of(trials), trials)
    curves = budget_curves(trials, (result,))
    gates = curves[curves.ranking=='gate']
    assert len(gates)==len(order.levels)+1
    assert np.interp(gates.cost_advantage, x, gap)==pytest.approx(gates.performance_gap.to_numpy())
    for level in order.levels:
        keeps = [tuple(row)>=level for row in observed(trials, result)]
        assert route(order.of(trials), order.gate(level)).tolist()==keeps


def test_the_gate_is_the_cascades(trials):
    priced = add_costs(trials, PAIR, dict(A=1., B=8.))
    order = fit_order(trials, 'passed')
    assert route(order.of(trials), order.gate((1.,))).tolist()==apply_gates(priced, dict(passes=1)).kept.tolist()


def test_the_score_never_leaves_its_level():
    order = Order('passed', ((0.,), (1.,)), 0., 1.)
    extreme = order.score(np.array([[0], [0], [1], [1]]), [1e300, -1e300, 1e300, -1e300])
    assert extreme[1]<extreme[0]<=.5<=1.5<=extreme[3]<extreme[2]


def test_a_level_that_was_not_seen_lies_between_its_neighbours():
    order = Order('passed', ((0.,), (.5,), (1.,)), 0., 1.)
    shown = np.array([[0], [.25], [1/3], [.5], [.75], [1]])
    placed = order.score(shown, np.zeros(6))
    assert placed.tolist()==[0, 1, 1, 2, 3, 4] and route(placed, order.gate((.5,))).tolist()==[0, 0, 0, 1, 1, 1]
    assert order.score(np.array([[2.]]), [0])[0]>4


def test_scores_that_are_all_equal_leave_the_gate(trials):
    same = trials.assign(score=.3)
    gains = rank_gains(same, 'passed', np.ones((2, len(same)), int))
    assert gains['order'].tolist()==gains['gate'].tolist()


def test_what_was_not_observed_is_refused(trials):
    with pytest.raises(InputError, match="unknown result 'compiled'; choose from prompt alone, ran"):
        observed(trials, 'compiled')
    with pytest.raises(InputError, match="result 'agreement' needs column 'agreement'"): fit_order(trials, 'agreement')
    with pytest.raises(InputError, match="task 0: 'runs' was not observed"):
        fit_order(trials.assign(runs=np.nan), 'ran')
    with pytest.raises(InputError, match='never seen'): fit_order(trials, 'passed').gate((.25,))


# ---- one program

@pytest.mark.parametrize('words,result,values', [
    (['passed'], 'passed', (1,)), (['failed'], 'ran', (1,)), (['error'], 'ran', (0,)), (['timeout'], 'passed', (0,)),
    (['passed', 'error'], 'passed, then ran', (.5, .5)), (.4, 'agreement', (.4,)), (None, 'prompt alone', ())])
def test_what_one_program_showed(words, result, values): assert program_result(words, result)==values


@pytest.mark.parametrize('shown,result,message', [
    (None, 'passed', 'no result was observed'), ([], 'ran', 'no result was observed'),
    ('passed', 'passed', "program result 'passed': no result"), (True, 'passed', 'no result was observed'),
    (['ok'], 'passed', "'ok': choose from passed, failed"), (['passed'], 'agreement', 'must be a share from 0 to 1'),
    (1.5, 'agreement', 'agreement 1.5'), (float('nan'), 'agreement', 'agreement nan'), (['passed'], 'x', 'unknown')])
def test_a_result_that_is_none_is_refused(shown, result, message):
    with pytest.raises(InputError, match=message): program_result(shown, result)


# ---- its worth

def test_trials_of_a_group_are_one_draw(trials):
    grouped = pd.DataFrame(dict(task_id=range(60), group=[str(i//2) for i in range(60)]))
    groups = trial_groups(trials, grouped)
    assert len(set(groups))==30 and (pd.Series(groups).groupby(trials.task_id.to_numpy()).nunique()==1).all()
    assert len(one_trial(groups))==30 and len(set(groups[one_trial(groups)]))==30
    by_group, by_task = (budget_rows(dict(a=trials), 'passed', {}, outcomes)[0] for outcomes in (grouped, None))
    assert by_group['gain']==by_task['gain'] and by_group['gain_low']!=by_task['gain_low']


def test_rows_are_the_routers_own_gains_and_their_mean(trials):
    other = made_up(seed=1)
    rows = pd.DataFrame(budget_rows(dict(a=trials, b=other), 'passed', dict(split='test')))
    assert rows.pair.tolist()==['a', 'b', 'mean'] and (rows.split=='test').all() and (rows.tasks==60).all()
    for row,frame in zip(rows.itertuples(), (trials, other)):
        assert row.gain==pytest.approx(gain_over_random(fit_order(frame, 'passed').of(frame), frame))
        assert row.prompt==pytest.approx(gain_over_random(frame.score, frame))
        assert row.over_gate==pytest.approx(row.gain-row.gate)
        assert row.gain_low<=row.gain<=row.gain_high and row.over_gate_low<=row.over_gate<=row.over_gate_high
    assert rows.gain[2]==pytest.approx(rows.gain[:2].mean())
    assert len(budget_rows(dict(a=trials), 'ran', {}))==1


def test_the_first_key_is_chosen_by_its_gain(trials):
    gains = result_gains([trials], ('prompt alone', 'passed'))
    assert best_result(gains)==max(gains, key=gains.get)
    useless = trials.assign(passes=1., runs=1.)
    assert best_result(result_gains([useless], ('prompt alone', *ORDERS)))=='prompt alone'


def test_a_certificate_counts_groups_and_holds(trials):
    many = pd.concat([made_up(seed=seed).assign(task_id=lambda rows, seed=seed: rows.task_id+100*seed)
                      for seed in range(4)], ignore_index=True)
    row = certified_row(many, many, fit_order(many, 'passed'), dict(alpha=.1, delta=.1, risk='harm'),
                        trial_groups(many))
    assert row['tasks']==240 and row['observed']<=.1 and row['result']=='passed' and 0<row['test_cost_advantage']<1
    refused = certified_row(trials, trials, fit_order(trials, 'ran'), dict(alpha=.001, delta=.1, risk='harm'),
                            trial_groups(trials))
    assert refused['tau']==np.inf and refused['test_cost_advantage']==refused['test_risk']==0


# ---- the saved policy

@pytest.fixture
def policy(trials):
    prompts = ['add two numbers', 'parse a nested tree']*20
    views = prompt_views(prompts, 'hashing', ('prompt',))
    fitted = fit_estimator('ridge', views, np.tile([1., 0.], 20), np.full(40, .5))
    order = fit_order(trials, 'passed')
    router = Router(fitted, 'hashing', dict(widths=dict(prompt=views['prompt'].shape[1])))
    return BudgetedCascade(router, order, budget_taus(order.of(trials)))


def test_budgets_are_met_on_the_tasks_they_come_from(trials, policy):
    scores = policy.order.of(trials)
    for budget in (0, .01, .1, .335, .5, .9, 1):
        assert (~route(scores, policy.tau(budget))).mean()<=budget+1e-9
    assert abs((~route(scores, policy.tau(.5))).mean()-.5)<.02


def test_a_larger_budget_only_escalates_more(policy):
    for prompt,words in (('add two numbers', ['passed']), ('parse a nested tree', ['failed'])):
        asked = [policy.escalate(prompt, words, budget) for budget in np.linspace(0, 1, 21).tolist()]
        assert asked==sorted(asked) and asked[0] is False and asked[-1] is True


def test_saved_loaded_and_asked(policy, tmp_path):
    policy.save(tmp_path)
    loaded = BudgetedCascade.load(tmp_path)
    prompts, shown = ['add two numbers', 'parse a nested tree', 'sort'], [['passed'], ['failed'], ['error']]
    assert loaded.score(prompts, shown).tolist()==policy.score(prompts, shown).tolist()
    assert loaded.taus==policy.taus and loaded.order==policy.order
    assert Router.load(tmp_path).score(prompts).tolist()==policy.router.score(prompts).tolist()
    assert loaded.escalate('sort', ['error'], .99) and not loaded.escalate('sort', ['error'], 0.)


@pytest.mark.parametrize('budget', [-.1, 1.01, float('nan'), 'half', None])
def test_a_budget_outside_0_to_1_is_refused(policy, budget):
    with pytest.raises(InputError, match='the share of tasks that may go to the large model, from 0 to 1'):
        policy.tau(budget)


def test_one_result_a_prompt(policy):
    with pytest.raises(InputError, match='2 prompts and 1 results'): policy.score(['a', 'b'], [['passed']])


@pytest.mark.parametrize('damage', [
    lambda saved: saved.pop('order'), lambda saved: saved['taus'].pop(), lambda saved: saved['taus'].reverse(),
    lambda saved: saved['order'].update(result='x'), lambda saved: saved['order'].update(spread=0),
    lambda saved: saved['order'].update(levels=[[1], [0]]), lambda saved: saved['order'].update(levels=[[0, 1]]),
    lambda saved: saved['order'].update(levels='a'), lambda saved: saved.update(taus=None),
    lambda saved: saved['order'].update(centre=None), lambda saved: saved['order'].update(more=1)])
def test_damage_is_named(policy, tmp_path, damage):
    policy.save(tmp_path)
    saved = json.loads((tmp_path/'cascade.json').read_text())
    damage(saved)
    (tmp_path/'cascade.json').write_text(json.dumps(saved))
    with pytest.raises(InputError, match='not the directory of a budgeted cascade'): BudgetedCascade.load(tmp_path)


def test_a_plain_router_is_no_cascade(policy, tmp_path):
    policy.router.save(tmp_path)
    with pytest.raises(InputError, match=r'FileNotFoundError.*It needs cascade.json'): BudgetedCascade.load(tmp_path)


# ---- the recorded completions

@pytest.fixture(scope='module')
def recorded(shipped):
    "Test trials of the three pairs with a prompt-only router's scores, fitted on train and validation."
    tables = {name: shipped(name) for name in ('tasks', 'outcomes', 'features', 'views')}
    ids, found = split_ids(tables['tasks']), {}
    for pair in get_pairs(get_profile('shipped')):
        learned, test = (tasks_study(tables, pair, ids[name]) for name in ('learned', 'test'))
        scores = pd.Series(fit_on(learned, 'stack').score(test.views), test.task_ids)
        found[pair] = visible_test_trials(tables['outcomes'], pair).assign(score=lambda rows: rows.task_id.map(scores))
    return found


def test_recorded_orders_pass_their_bars(recorded):
    "Gains over random over all budgets on MBPP's test split, without a visible result and with one visible test."
    by_pair = {pair.name: rows for pair,rows in recorded.items()}
    for result,bars in {'ran': (4.2, 2.6, 5.0), 'passed': (6.2, 4.0, 6.0)}.items():
        rows = budget_rows(by_pair, result, {})
        assert [row['gain']>=bar for row,bar in zip(rows, bars)]==[True]*3
        assert rows[3]['over_gate_low']>0 and rows[3]['over_prompt_low']>0 and rows[3]['tasks']==500


def test_recorded_orders_gain_on_inputs_of_mbpp_plus(recorded, shipped):
    plus = shipped('plus')
    plus = plus[(plus.suite=='plus') & (plus['mode']=='strict') & (plus.split=='test')]
    by_pair = {pair.name: score_on(rows, pair, plus) for pair,rows in recorded.items()}
    for result in ('ran', 'passed'):
        rows = budget_rows(by_pair, result, {})
        assert all(row['gain_low']>0 for row in rows) and rows[3]['over_gate_low']>0


def test_resamples_of_pairs_are_the_same_tasks(recorded):
    draws = [bootstrap_weights(len(rows), 3, 42, trial_groups(rows)) for rows in recorded.values()]
    assert all((draw==draws[0]).all() for draw in draws)


# ---- the model's own signals

def signalled(n=80, seed=0, told=True):
    "Trials whose answers are likely where they are right, or (not told) where a coin says so."
    rng, trials = np.random.default_rng(seed), made_up(n, seed)
    right = (trials.small_passed/trials.small_tests).groupby(trials.task_id).transform('mean')
    noise = trials.task_id.map(dict(enumerate(rng.normal(size=n))))
    return trials.assign(mean_logprob=-np.exp(noise-2*right*told), logprob=-np.exp(noise), shortness=-100., ended=1.,
                         min_logprob=-np.exp(noise-right*told), margin=np.exp(noise+2*right*told))


def test_a_signal_that_tells_is_worth_something_and_noise_is_not():
    results = 'prompt alone', 'mean log-probability', 'log-probability', 'length', 'ended', 'mean margin'
    gains = result_gains([signalled(200)], results)
    assert min(gains['mean log-probability'], gains['mean margin'])>gains['log-probability']+2
    assert gains['length']==pytest.approx(gains['ended'], abs=2) and abs(gains['log-probability'])<abs(
        gains['mean log-probability'])
    assert fit_order(signalled(), 'length').levels==()


def test_steps_are_calibrated_and_the_prompt_breaks_ties_within_one():
    trials = signalled(200)
    order = fit_order(trials, 'mean log-probability')
    step = np.searchsorted([level[0] for level in order.levels], trials.mean_logprob)
    rates = (trials.small_passed/trials.small_tests).groupby(step).mean()
    assert len(rates)>2 and rates.is_monotonic_increasing
    scores = order.of(trials)
    for _,rows in trials.assign(order=scores).groupby(step):
        assert rows.sort_values('score').order.is_monotonic_increasing
    assert scores[step==step.max()].min()>scores[step==0].max()


def test_an_order_is_learned_where_it_is_told_to_be():
    learned, trials = signalled(200), signalled(60, 1, told=False)
    row, = budget_rows(dict(a=trials), 'mean log-probability', {}, learned=dict(a=learned))
    fitted = fit_order(learned, 'mean log-probability')
    assert row['gain']==pytest.approx(gain_over_random(fitted.of(trials), trials))


@pytest.mark.parametrize('result,shown,message', [
    ('log-probability', .5, 'at most 0'), ('mean log-probability', None, 'Sample with log-probabilities'),
    ('log-probability', ['passed'], 'at most 0'), ('mean log-probability', float('nan'), 'at most 0'),
    ('length', -3, 'a number of tokens'), ('length', '9', 'a number of tokens'), ('ended', 1, 'True or False'),
    ('log-probability', True, 'at most 0'), ('minimum log-probability', .1, 'at most 0'),
    ('mean margin', -.1, 'at least 0'), ('mean margin', True, 'at least 0'),
    ('mean margin', float('inf'), 'at least 0')])
def test_what_is_no_signal_is_refused(result, shown, message):
    with pytest.raises(InputError, match=message): program_result(shown, result)


def test_missing_log_probabilities_are_named():
    trials = made_up(4)
    answers = pd.DataFrame([dict(task_id=task, model='A', sample=0, n_tokens=task, finish_reason=reason)
                            for task,reason in enumerate(['stop', 'length', 'stop', 'stop'])])
    sampled = answers[['task_id', 'model', 'sample']].assign(logprob=[-1., -2, -3, np.nan])
    with pytest.raises(InputError, match='task 3, sample 0: no log-probability of the answer of A, and 3 of 12'):
        add_signals(trials, answers, sampled, 'A')
    whole = add_signals(trials, answers, sampled.fillna(-4.), 'A').drop_duplicates('task_id')
    assert whole.mean_logprob.tolist()==[-1, -2, -1.5, -4/3] and whole.ended.tolist()==[1, 0, 1, 1]
    assert whole.shortness.tolist()==[0, -1, -2, -3]
    some = sampled.fillna(-4.).assign(min_logprob=[-1., np.nan, -2, np.nan])
    assert known_signals(some, ['A'])[0]==('length', 'log-probability', 'mean log-probability', 'ended')
    assert known_signals(some.assign(model='B'), ['B'])[1][0].startswith('task 1, sample 0: no minimum log-probability')
    with pytest.raises(InputError, match='task 1, sample 0: no minimum log-probability of the answer of A, and 6 of'):
        add_signals(trials, answers, some, 'A')
    with pytest.raises(InputError, match='task 0, sample 0: no margin of the answer of A, and 12 of 12'):
        add_signals(trials, answers, some, 'A', ('mean margin',))
    assert 'min_logprob' not in add_signals(trials, answers, some, 'A', ('length', 'ended'))
    with pytest.raises(InputError, match='sample it with log-probabilities'):
        observed(whole.assign(logprob=np.nan), 'log-probability')
