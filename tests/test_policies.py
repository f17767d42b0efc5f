"Policies over many models: trials, chains, routers, people, against numbers worked by hand; and what is refused."
import numpy as np
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.cascade import apply_gates
from llmr.core import SPLITS, InputError
from llmr.costs import add_costs
from llmr.policies import (
    PERSON, add_person, all_chains, cross_qualities, estimate_qualities, estimate_splits, model_qualities,
    model_trials, person_chains, pick, policy_families, router_family, router_name, router_policies, router_sweep,
    run_chain, run_picks, run_trials, worth_grid)
from llmr.problem import route
from llmr.runs import Pair, open_run
from llmr.trials import visible_test_trials

PRICES, MODELS = dict(A=1., B=10., C=100.), ['A', 'B', 'C']
WORDS = {('A', 1, 0): 'passed passed', ('B', 1, 0): 'passed passed', ('C', 1, 0): 'failed failed',
         ('A', 2, 0): 'error error', ('B', 2, 0): 'passed passed', ('C', 2, 0): 'passed passed',
         ('A', 3, 0): 'failed passed', ('B', 3, 0): 'error error', ('C', 3, 0): 'failed failed'}
OUTCOMES = outcomes_of(WORDS, tokens=1)


@pytest.fixture
def trials(): return model_trials(OUTCOMES, MODELS, prices=PRICES)


def by_task(decided): return decided.groupby('task_id').mean()


# ---- trials

def test_blocks_have_a_column_per_model(trials):
    assert set(trials.columns.get_level_values(0))=={'tests', 'passed', 'passes', 'shows', 'cost', 'tokens'}
    assert all(list(trials[block].columns)==MODELS for block in ('tests', 'passed', 'cost'))
    assert trials.loc[3, 'shows'].values.tolist()==[[1, 0, 1], [2, 0, 1]]


def test_trials_of_a_run():
    outcomes = pd.concat(OUTCOMES.assign(split=split, task_id=OUTCOMES.task_id+10*i) for i,split in enumerate(SPLITS))
    found, dearest = run_trials(outcomes, MODELS, dict(prices=PRICES, prompts=None), .9, 50.)
    assert dearest==100 and (found['test']['cost', PERSON]==5000).all()
    ids = {name: rows.index.unique('task_id').tolist() for name,rows in found.items()}
    assert ids==dict(learned=[1, 2, 3, 11, 12, 13], test=[21, 22, 23])


def test_a_persons_price_comes_from_the_learned_tasks():
    "The dearest answer on test tasks says nothing about it."
    outcomes = pd.concat(OUTCOMES.assign(split=split, task_id=OUTCOMES.task_id+10*i, n_tokens=tokens)
                         for i,(split,tokens) in enumerate(zip(SPLITS, (1, 2, 99))))
    assert run_trials(outcomes, MODELS, dict(prices=PRICES, prompts=None), .9, 50.)[1]==200


@pytest.mark.parametrize('options,message', [
    (dict(pass_rate=1.2, cost=1), 'pass rate 1.2 of person'), (dict(pass_rate=.5, cost=-1), 'cost -1 of person'),
    (dict(pass_rate=float('nan'), cost=1), 'must lie in'), (dict(pass_rate=.5, cost=float('inf')), 'cost inf')])
def test_a_person_who_cannot_be_is_refused(trials, options, message):
    with pytest.raises(InputError, match=message): add_person(trials, **options)


@pytest.mark.parametrize('models,prices,message', [
    (MODELS, dict(A=1, B=2), "'C' has no price"), (['A', 'B'], dict(A=1, B=-2), "price of 'B' is -2"),
    (['A', 'D'], dict(A=1, D=1), "no outcomes of model 'D' on split test; choose from A, B, C")])
def test_a_model_without_price_or_outcomes_is_refused(models, prices, message):
    with pytest.raises(InputError, match=message): model_trials(OUTCOMES, models, prices=prices)


def test_a_task_that_one_model_lacks_is_refused():
    lacking = outcomes_of({key: text for key,text in WORDS.items() if key!=('C', 3, 0)})
    with pytest.raises(InputError, match=r'task 3 \(test\), sample 0: only one of A and C has an outcome'):
        model_trials(lacking, MODELS, prices=PRICES)


# ---- chains

def test_chain_by_hand(trials):
    everyone = run_chain(trials, ('A', 'B', 'C'))
    # Task 3. With test 0 visible all fail, A and C give a value, and the last one answers: hidden test 1 fails.
    # With test 1 visible A is kept: hidden test 0 fails.
    assert by_task(everyone).passed.tolist()==[1, 1, 0] and by_task(everyone).cost.tolist()==[1, 11, (111+1)/2]
    # the same, falling back on A: its hidden test passes
    assert by_task(run_chain(trials, ('A', 'B', 'C'), 'A')).passed.tolist()==[1, 1, .5]
    # B falls back on itself, but shows less than A where test 0 of task 3 is visible
    assert by_task(run_chain(trials, ('A', 'B'), 'B')).passed.tolist()==[1, 1, .5]
    alone = by_task(run_chain(trials, ('B',)))
    assert alone.passed.tolist()==[1, 1, 0] and alone.cost.tolist()==[10]*3


def test_a_chain_of_two_is_the_cascade(trials):
    for pair in (Pair('A', 'B'), Pair('B', 'C'), Pair('A', 'C'), Pair('C', 'A')):
        priced = add_costs(visible_test_trials(OUTCOMES, pair), pair, PRICES)
        cascade = apply_gates(priced, dict(passes=1), check_large=True)
        chain = run_chain(trials, tuple(pair))
        assert chain.passed.tolist()==cascade.passed.tolist() and chain.cost.tolist()==cascade.cost.tolist()


def test_every_chain_and_fallback_once():
    chains = all_chains(MODELS)
    assert len(chains)==3+6*2+6*3 and len(set(chains.values()))==33
    assert chains['A > B, else A']==(('A', 'B'), 'A') and chains['B']==(('B',), 'B')
    assert max(len(chain) for chain,_ in all_chains(list('ABCDE')).values())==3


def test_chains_to_a_person_end_in_one():
    chains = person_chains(MODELS)
    assert len(chains)==3+6+1 and all(chain[-1]==fallback==PERSON for chain,fallback in chains.values())
    assert chains['A > C > person'][0]==('A', 'C', PERSON) and chains[PERSON][0]==(PERSON,)


def test_a_person_passes_its_rate_at_its_cost_and_is_asked_once(trials):
    with_person = add_person(trials, .9, 5000.)
    alone = run_chain(with_person, (PERSON,))
    assert (alone.passed==.9).all() and (alone.cost==5000).all()
    after = by_task(run_chain(with_person, ('B', PERSON)))
    assert after.passed.tolist()==[1, 1, .9] and after.cost.tolist()==[10, 10, 5010]


@pytest.mark.parametrize('chain,fallback,message', [
    (('A', 'D'), None, "unknown model 'D'; choose from A, B, C"), (('A', 'B'), 'E', "unknown model 'E'"),
    (('A', 'A'), None, 'chain A > A with fallback A: ask each model once'),
    (('A', 'B'), 'C', 'and fall back on one of them')])
def test_a_chain_that_cannot_be_is_refused(trials, chain, fallback, message):
    with pytest.raises(InputError, match=message): run_chain(trials, chain, fallback)


# ---- routers

def test_picking_among_two_is_equation_1():
    rng = np.random.default_rng(0)
    quality, cost = rng.random((50, 2)), np.array([1., 8.])
    for worth in (.5, 5., 50.):
        to_small = route(quality[:, 0]-quality[:, 1], (cost[0]-cost[1])/worth)
        assert ((pick(quality, cost, worth)==0)==to_small).all()


def test_picking_goes_from_the_cheapest_to_the_best():
    quality, cost = np.array([[.2, .5, .9], [.6, .6, .1]]), [1., 10., 100.]
    assert [pick(quality, cost, worth).tolist() for worth in (0, 100, np.inf)]==[[0, 0], [1, 0], [2, 0]]
    with pytest.raises(InputError, match='worth -1: must be a number from 0'): pick(quality, cost, -1)


def test_worths_go_from_nothing_to_everything():
    worths = worth_grid(2.)
    assert len(worths)==27 and worths[0]==0 and worths[-1]==np.inf and (np.diff(worths[:-1])>0).all()
    assert worths[1]==pytest.approx(.2) and worths[-2]==pytest.approx(2000)


def test_picks_are_run(trials):
    decided = by_task(run_picks(trials, MODELS, pd.Series({1: 0, 2: 2, 3: 1})))
    assert decided.passed.tolist()==[1, 1, 0] and decided.cost.tolist()==[1, 100, 10]
    with pytest.raises(InputError, match='task 3 has no pick'): run_picks(trials, MODELS, pd.Series({1: 0, 2: 1}))


def test_a_router_over_some_models_never_asks_another(trials):
    truth, costs = model_qualities(trials, MODELS), pd.Series(PRICES)
    policies = router_policies(trials, truth, costs, ['A', 'C'], [0., np.inf])
    assert by_task(policies['router A/C, worth 0']).cost.tolist()==[1, 1, 1]
    assert by_task(policies['router A/C, worth inf']).cost.tolist()==[1, 100, 1]
    assert list(router_policies(trials, truth, costs, MODELS, [0.], 'over 3'))==['router over 3, worth 0']


def test_a_sweep_has_every_set_at_every_worth(trials):
    truth, sets, worths = model_qualities(trials, MODELS), [['A', 'B'], MODELS], [0., 7.]
    sweep = router_sweep(trials, truth, pd.Series(PRICES), sets, worths)
    assert list(sweep)==[router_name('/'.join(models), worth) for models in sets for worth in worths]
    families = policy_families(all_chains(['A', 'B']) | person_chains(['A']), sets, worths)
    assert set(sweep)<=set(families) and families[router_name('A/B', 7.)]==router_family(['A', 'B'])
    assert [families[policy] for policy in ('B', 'A > B, else A', 'A > person', PERSON)]==[
        'one model', 'chain of 2', 'with a person', 'with a person']


# ---- estimates

def test_qualities_are_means_over_trials(trials):
    assert model_qualities(trials, ['B', 'A']).to_dict()==dict(B={1: 1, 2: 1, 3: 0}, A={1: 1, 2: 0, 3: .5})


def test_estimates_are_out_of_fold():
    x = np.linspace(0, 1, 40).astype(np.float32)[:, None]
    quality, views, fold = np.column_stack([x[:, 0], np.full(40, .3)]), dict(prompt=x), np.arange(40)%4
    estimates = cross_qualities('ridge', views, quality, fold)
    assert np.abs(estimates[:, 0]-x[:, 0]).max()<.1 and estimates[:, 1]==pytest.approx(.3)
    spoiled = quality.copy()
    spoiled[fold==0] = 0
    assert (cross_qualities('ridge', views, spoiled, fold)[fold==0]==estimates[fold==0]).all()
    assert estimate_qualities('ridge', views, quality, dict(prompt=x[:2])).shape==(2, 2)


def test_estimates_of_a_run_do_not_look_at_test_tasks():
    toy = open_run('toy')
    tables = {name: toy.read(name) for name in ('tasks', 'outcomes', 'features', 'views')}
    ids = {split: rows.task_id.to_numpy() for split,rows in tables['tasks'].groupby('split')}
    quality = model_qualities(model_trials(tables['outcomes'], ['small', 'large'], 'train'), ['small', 'large'])
    estimates = estimate_splits(tables, quality.loc[ids['train']], ids['test'], 'ridge')
    assert estimates['learned'].index.tolist()==ids['train'].tolist()
    assert estimates['test'].index.tolist()==ids['test'].tolist()
    for rows in estimates.values():
        assert list(rows.columns)==['small', 'large'] and np.isfinite(rows).all(axis=None)
