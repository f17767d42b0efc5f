"Verified cascade: hidden tests only, equal cost, agreement, AUROC, against numbers worked by hand; and what must be refused."
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from llmr.cascade import (
    PARAMETERS, add_costs, agreement_trials, auroc, auroc_row, canonical, cascade_trials, check_prices,
    choose_tau, cross_decide, apply_gates, evaluate_cascade, prompt_tokens, router_at_cost, run_answers,
    score_on, shipped_answers, test_call as call_of, visible_sets)
from llmr.core import InputError
from llmr.runs import Pair, get_pairs, get_profile
from llmr.evaluation import bootstrap_weights, paired_outcomes, routed_pass_rate

PAIR = Pair('A', 'B')


def outcomes_of(words, split='test', tokens=10):
    "`{(model, task, sample): 'passed failed ...'}` as outcomes."
    return pd.DataFrame([dict(task_id=task, split=split, model=model, sample=sample, tests=text.split(), n_tests=len(text.split()), n_passed=text.split().count('passed'), n_tokens=tokens)
                         for (model, task, sample),text in words.items()])


@pytest.fixture
def priced():
    "Task 1: A passes two of three, B all. Task 2: A gives no value, B fails all but gives values. Price 1 and 8 a token, 10 tokens an answer, 5 of prompt."
    words = {('A', 1, 0): 'passed passed failed', ('B', 1, 0): 'passed passed passed', ('A', 2, 0): 'error error error', ('B', 2, 0): 'failed failed failed'}
    return add_costs(cascade_trials(outcomes_of(words), PAIR), PAIR, dict(A=1, B=8), pd.Series({1: 5., 2: 5.}), router_price=.2)


def test_only_hidden_tests_are_counted(priced):
    first = priced[priced.task_id==1]
    assert first.visible.tolist()==['0', '1', '2'] and (priced.small_tests==2).all()
    assert first.small_passed.tolist()==[1, 1, 2] and first.passes.tolist()==[1, 1, 0] and first.runs.tolist()==[1, 1, 1]
    assert first.large_passed.tolist()==[2, 2, 2] and first.lead.tolist()==[0, 0, -1]
    assert priced[priced.task_id==2].lead.tolist()==[-1, -1, -1]


def test_cost_counts_both_answers_and_the_router(priced):
    assert (priced.small_cost==15).all() and (priced.large_cost==120).all() and (priced.router_cost==1).all()
    visible = apply_gates(priced, dict(passes=1))
    assert visible.cost.tolist()==[15, 15, 135, 135, 135, 135] and visible.kept.tolist()==[True, True, False, False, False, False]
    routed = apply_gates(priced.assign(score=[1, 1, 1, 0, 0, 0]), dict(score=.5, passes=1))
    assert routed.cost.tolist()==[16, 16, 136, 121, 121, 121] and routed.asked.tolist()==[True]*3+[False]*3


def test_cascade_by_hand(priced):
    found = evaluate_cascade(apply_gates(priced, dict(passes=1)), 8.)
    # hidden tests 12; passed: small 1+1, large 2 on task 1, none on task 2
    assert found['total_pass_rate']==pytest.approx(4/12) and found['kept_small']==pytest.approx(2/6)
    assert found['all_small']==pytest.approx(4/12) and found['all_large']==pytest.approx(6/12)
    assert found['random_equal_calls']==pytest.approx(1/3*4/12+2/3*6/12)
    assert found['cost_ratio']==pytest.approx(570/720)
    # (570 - 90)/(720 - 90) of the calls may go to the large model for that money
    assert found['best_mix']==pytest.approx(4/12+480/630*2/12)
    # small answers cost 90, kept ones save 240: even where the large model's token costs 8*90/240
    assert found['break_even']==pytest.approx(3)


def test_break_even_is_where_the_costs_meet(priced):
    trials = cascade_trials(outcomes_of({('A', 1, 0): 'passed passed failed', ('B', 1, 0): 'passed passed passed', ('A', 2, 0): 'error error error', ('B', 2, 0): 'failed failed failed'}), PAIR)
    at = lambda ratio: evaluate_cascade(apply_gates(add_costs(trials, PAIR, dict(A=1., B=ratio)), dict(passes=1)), ratio)
    even = at(8.)['break_even']
    assert at(even)['cost_ratio']==pytest.approx(1) and at(even*1.1)['cost_ratio']<1<at(even*.9)['cost_ratio']


def test_other_tests_in_place_of_the_hidden_ones(priced):
    more = pd.DataFrame(dict(task_id=[1, 1], model=['A', 'B'], sample=0, n_tests=[100, 50], n_passed=[80, 45]))
    scored = score_on(priced, PAIR, more)
    assert scored.task_id.tolist()==[1, 1, 1] and scored.small_passed.tolist()==[.8]*3 and scored.large_passed.tolist()==[.9]*3 and (scored.small_tests==1).all() and (scored.large_tests==1).all()
    found = evaluate_cascade(apply_gates(scored, dict(passes=1)), 8.)
    assert found['total_pass_rate']==pytest.approx((.8+.8+.9)/3) and found['all_large']==pytest.approx(.9)
    with pytest.raises(InputError, match='none of these tasks has further tests'): score_on(priced, PAIR, more.assign(task_id=9))
    with pytest.raises(InputError, match='task 1: a program of B has no grade'): score_on(priced, PAIR, more[:1])


def test_where_the_small_model_is_better_the_mix_is_the_small_model():
    words = {('A', 1, 0): 'passed passed', ('B', 1, 0): 'failed failed', ('A', 2, 0): 'failed passed', ('B', 2, 0): 'passed passed'}
    found = evaluate_cascade(apply_gates(add_costs(cascade_trials(outcomes_of(words), PAIR), PAIR, dict(A=1, B=8)), dict(passes=1)), 8.)
    assert found['all_small']==pytest.approx(3/4) and found['all_large']==pytest.approx(2/4) and found['best_mix']==pytest.approx(3/4)


def test_both_checked_gives_out_what_shows_more():
    words = {('A', 1, 0): 'failed failed passed', ('B', 1, 0): 'error error error', ('A', 2, 0): 'failed failed failed', ('B', 2, 0): 'failed passed passed'}
    trials = add_costs(cascade_trials(outcomes_of(words), PAIR), PAIR, dict(A=1, B=8))
    plain, checked = apply_gates(trials, dict(passes=1)), apply_gates(trials, dict(passes=1), check_large=True)
    assert (plain.cost==checked.cost).all() and (plain.kept==checked.kept).all()
    assert plain.passed.tolist()==[0, 0, 0, 2, 1, 1] and checked.passed.tolist()==[1, 1, 0, 2, 1, 1]


def test_intervals_hold_their_estimate_and_are_paired(priced):
    visible = apply_gates(priced, dict(passes=1))
    found = evaluate_cascade(visible, 8., bootstrap_weights(2, 200), rival=visible)
    assert found['low']<=found['total_pass_rate']<=found['high'] and found['over_rival']==found['over_rival_low']==found['over_rival_high']==0


def test_router_at_cost_spends_no_more_and_moves_no_more_than_it_must(priced):
    scored = priced.assign(score=[.9]*3+[.1]*3)
    for budget in (10000, 726, 600, 411, 300, 96, 0):
        routed = router_at_cost(scored, budget)
        moved = routed.kept.sum()
        best = next((n for n in (0, 3, 6) if 6*(120+1)-n*105<=budget), 6)
        assert moved==best, budget
        assert routed.cost.sum()<=budget or moved==6


def test_thresholds_are_chosen_on_other_folds(priced):
    scored = pd.concat([priced.assign(task_id=priced.task_id+10*i, score=i) for i in range(5)], ignore_index=True)
    decided = cross_decide(scored, 'score', [-np.inf, 2.5, np.inf], dict(passes=1))
    assert decided.index.equals(scored.index) and len(decided)==30
    # nothing kept passes more than keeping (4 of 6 against 6 of 6 on task 1): the largest total pass rate is the large model's
    assert choose_tau(scored, 'score', [-np.inf, np.inf], dict(passes=1))==np.inf and not decided.kept.any()


def test_votes_take_the_largest_class_and_pay_for_all():
    words = {('A', 1, s): text for s,text in enumerate(['failed failed', 'passed passed', 'passed passed', 'error error'])} | {('B', 1, s): 'passed passed' for s in range(4)}
    trials = cascade_trials(outcomes_of(words, 'train'), PAIR, 'train')
    answers = pd.DataFrame(dict(task_id=1, split='train', model='A', sample=range(4), classes=[[1, 0], [0, 1], [0, 1], [-1, -1]]))
    four = agreement_trials(trials, answers, 4)
    assert four.agreement.tolist()==[.5, .5] and four.small_passed.tolist()==[1, 1] and four.small_tokens.tolist()==[40, 40]
    two = agreement_trials(trials, answers, 2)
    assert two.agreement.tolist()==[.5]*4 and sorted(two.small_passed)==[0, 0, 1, 1] and two.small_tokens.tolist()==[20]*4
    with pytest.raises(InputError, match='agreement of 5 samples, and there are 4'): agreement_trials(trials, answers, 5)
    with pytest.raises(InputError, match='task 1 has no answers'): agreement_trials(trials, answers[:0], 2)


def test_auroc_is_sklearns_with_weights_and_ties():
    rng = np.random.default_rng(0)
    scores, right, weights = rng.integers(0, 4, 60)/4, rng.random(60)<.5, rng.integers(0, 3, (5, 60))
    assert auroc(scores, right)==pytest.approx(roc_auc_score(right, scores))
    assert auroc(scores, right, weights)==pytest.approx([roc_auc_score(right, scores, sample_weight=w) for w in weights])
    with pytest.raises(InputError, match='right and answers that are wrong'): auroc([1, 2], [True, True])


def test_answers_are_numbered_by_value_and_task():
    tasks = pd.DataFrame(dict(task_id=[1, 2], split='train', tests=[['assert f(2) == 4', 'assert f(0) == 0'], ['assert set(g()) == {1}']], setup=''))
    wrote = pd.DataFrame([dict(task_id=1, model='A', sample=0, code='def f(x): return x*x'), dict(task_id=1, model='A', sample=1, code='def f(x): return float(x+x)'),
                          dict(task_id=1, model='B', sample=0, code='def f(x): return 1//x'), dict(task_id=1, model='B', sample=1, code='while True: pass'),
                          dict(task_id=2, model='A', sample=0, code='def g(): return [1, 1]'), dict(task_id=2, model='A', sample=1, code='def g(:')])
    found = run_answers(wrote, tasks, workers=1)
    assert found.classes.map(list).tolist()==[[0, 0], [0, 0], [1, -1], [-1, -1], [0], [-1]]
    with pytest.raises(InputError, match='no text to run'): run_answers(wrote.assign(code=None), tasks)


def test_equal_values_have_one_text():
    assert canonical(1)==canonical(True)==canonical(1.0) and canonical(.1+.2)==canonical(.3) and canonical({2, 1})==canonical({1, 2}) and canonical({1: 'a', 2: 'b'})==canonical({2: 'b', 1: 'a'})
    assert len({canonical(v) for v in ([1], (1,), {1}, '1', 1, None, [[1]], 'list(1)', float('inf'))})==9


def test_calls_are_found_and_other_asserts_refused():
    assert call_of('assert f([1], 2) == [3]')=='f([1], 2)' and call_of('assert not f(2)')=='f(2)'
    for bad in ('x = 1', 'assert True', 'assert ('):
        with pytest.raises(InputError, match='Leave agreement out'): call_of(bad)


@pytest.mark.parametrize('n_visible', [3, 4])
def test_all_tests_visible_leaves_nothing_to_score(n_visible):
    outcomes = outcomes_of({('A', 7, 0): 'passed passed passed', ('B', 7, 0): 'passed passed passed'})
    with pytest.raises(InputError, match='task 7 .*nothing is left to score'): cascade_trials(outcomes, PAIR, n_visible=n_visible)
    with pytest.raises(InputError, match='looks at one or more'): visible_sets(3, 0)
    with pytest.raises(InputError, match='1 visible tests of 1: nothing is left to score. Add tests'): visible_sets(1)


def test_unpaired_outcomes_are_refused():
    words = {('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed passed', ('A', 2, 0): 'passed passed'}
    with pytest.raises(InputError, match='task 2 .*only one model of A-B'): cascade_trials(outcomes_of(words), PAIR)
    with pytest.raises(InputError, match='task 1 .*different numbers of tests'): cascade_trials(outcomes_of({('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed'}), PAIR)
    with pytest.raises(InputError, match='no outcome of A-B on split train'): cascade_trials(outcomes_of(words), PAIR, 'train')


@pytest.mark.parametrize('prices, said', [(dict(A=1), "'B' has no price"), (dict(A=-1, B=2), "price of 'A' is -1"), (dict(A=float('nan'), B=2), 'must be a number from 0'), (dict(A=float('inf'), B=2), 'must be a number from 0'),
                                          (dict(A='1', B=2), 'must be a number from 0'), (dict(A=0, B=0), 'every price is 0'), (['A', 'B'], 'must name a price for each of A, B')])
def test_bad_prices_are_refused(prices, said):
    with pytest.raises(InputError, match=said): check_prices(prices, PAIR)


def test_a_gate_or_a_prompt_that_is_not_there_is_refused(priced):
    with pytest.raises(InputError, match="no column 'score'"): apply_gates(priced, dict(score=1))
    with pytest.raises(InputError, match='task 2 has no prompt length'): add_costs(priced, PAIR, dict(A=1, B=8), pd.Series({1: 5.}))


def test_shipped_answers_agree_with_shipped_outcomes(shipped):
    outcomes = shipped('outcomes').merge(shipped_answers(shipped('completions')), on=['task_id', 'split', 'model', 'sample'])
    assert len(outcomes)==len(shipped('outcomes')) and (outcomes.classes.map(len)==outcomes.n_tests).all()
    rows = pd.DataFrame([(task, i, word, number) for task,words,numbers in zip(outcomes.task_id, outcomes.tests, outcomes.classes) for i,(word,number) in enumerate(zip(words, numbers))], columns=['task', 'test', 'word', 'number'])
    assert (rows.number[rows.word=='passed']>=0).all() and rows[rows.word=='passed'].groupby(['task', 'test']).number.nunique().max()==1
    assert (rows.number[rows.word=='error']<0).all()
    with pytest.raises(InputError, match='task 9999, model 1B: no answers come with'): shipped_answers(pd.DataFrame(dict(task_id=[9999], model='1B', sample=0)))


def test_recorded_cascade_passes_its_bars(shipped):
    "Bars on MBPP's test split with one visible test; averaged over which one, all-large must be its total pass rate on every test."
    outcomes, read = shipped('outcomes'), prompt_tokens(shipped('views'))
    for pair,bar,over in zip(get_pairs(get_profile('shipped')), (.645, .67, .60), (.105, .07, .105)):
        trials = add_costs(cascade_trials(outcomes, pair), pair, PARAMETERS, read)
        found = evaluate_cascade(apply_gates(trials, dict(passes=1), check_large=True), 8., bootstrap_weights(500, 200))
        paired = paired_outcomes(outcomes, pair)
        assert found['all_large']==pytest.approx(routed_pass_rate(paired, np.zeros(500, bool))) and found['all_small']==pytest.approx(routed_pass_rate(paired, np.ones(500, bool)))
        assert found['total_pass_rate']>=bar and found['over_calls']>over and found['over_calls_low']>0 and found['cost_ratio']<1


def test_agreement_tells_right_from_wrong(shipped):
    pair = get_pairs(get_profile('shipped'))[0]
    trials = cascade_trials(shipped('outcomes'), pair, 'train')
    answers = shipped('answers')
    votes = agreement_trials(trials, answers[(answers.model=='1B') & (answers.split=='train')], 10)
    assert .78<auroc_row(votes, 'agreement', bootstrap_weights(374, 50))['auroc']<.87


def test_the_cascade_holds_on_inputs_of_mbpp_plus(shipped):
    plus = shipped('plus')
    plus = plus[(plus.suite=='plus') & (plus['mode']=='strict') & (plus.split=='test')]
    for pair in get_pairs(get_profile('shipped')):
        scored = score_on(add_costs(cascade_trials(shipped('outcomes'), pair), pair, prompts=prompt_tokens(shipped('views'))), pair, plus)
        found = evaluate_cascade(apply_gates(scored, dict(passes=1), check_large=True), 8., bootstrap_weights(plus.task_id.nunique(), 500))
        assert found['over_calls_low']>0 and found['over_mix_low']>0 and found['total_pass_rate']>max(found['all_small'], found['all_large'])
