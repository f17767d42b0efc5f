"What an answer costs, against numbers worked by hand; and what is refused."
import numpy as np
import pandas as pd
import pytest
from outcome_rows import outcomes_of

from llmr.core import InputError
from llmr.costs import PARAMETERS, ROUTER_PARAMETERS, add_costs, prompt_tokens, token_seconds
from llmr.problem import INSTRUCTIONS
from llmr.runs import Pair, get_profile
from llmr.trials import visible_test_trials

PAIR, PRICES = Pair('A', 'B'), dict(A=1, B=8)


@pytest.fixture
def trials():
    "Two tasks, two trials each, 10 tokens an answer."
    words = {(model, task, 0): 'passed passed' for model in 'AB' for task in (1, 2)}
    return visible_test_trials(outcomes_of(words), PAIR)


def test_both_answers_and_a_look_by_the_router(trials):
    priced = add_costs(trials, PAIR, PRICES, pd.Series({1: 5., 2: 7.}), router_price=.2)
    assert priced.small_cost.tolist()==[15, 15, 17, 17] and priced.large_cost.tolist()==[120, 120, 136, 136]
    assert priced.router_cost.tolist()==pytest.approx([1, 1, 1.4, 1.4])


def test_without_prompts_only_answers_cost(trials):
    priced = add_costs(trials, PAIR, PRICES)
    assert (priced.small_cost==10).all() and (priced.large_cost==80).all() and (priced.router_cost==0).all()


def test_a_price_is_the_number_of_parameters_unless_given(trials):
    priced = add_costs(trials, PAIR, prompts=pd.Series({1: 5., 2: 5.}))
    assert (priced.small_cost==15*PARAMETERS['A']).all() and (priced.large_cost==15*PARAMETERS['B']).all()
    assert (priced.router_cost==5*ROUTER_PARAMETERS).all()


@pytest.mark.parametrize('name', ['toy', 'shipped'])
def test_every_model_of_a_profile_has_a_price(name): assert set(get_profile(name).models)<=set(PARAMETERS)


def test_a_prompt_has_the_instructions_too():
    views = pd.DataFrame(dict(task_id=[1, 2, 1], view=['hand', 'hand', 'prompt'],
                              vector=[[np.log1p(250.), 9.], [0., 9.], [3., 3.]]))
    assert prompt_tokens(views).to_dict()==pytest.approx({1: (250+len(INSTRUCTIONS))/3.5, 2: len(INSTRUCTIONS)/3.5})
    assert prompt_tokens(views, 1.)[2]==len(INSTRUCTIONS)


@pytest.mark.parametrize('prices,message', [
    (dict(A=1), "model 'B' has no price"), (dict(A=-1, B=2), "price of 'A' is -1"),
    (dict(A=float('nan'), B=2), 'must be a number from 0'), (dict(A=0, B=0), 'every price is 0'),
    (['A', 'B'], 'must name a price for each of A, B')])
def test_wrong_prices_are_refused(trials, prices, message):
    with pytest.raises(InputError, match=message): add_costs(trials, PAIR, prices)


def test_a_task_without_a_prompt_length_is_refused(trials):
    with pytest.raises(InputError, match='task 2 has no prompt length. Give views of the same tasks'):
        add_costs(trials, PAIR, PRICES, pd.Series({1: 5.}))


def test_measured_seconds_come_before_assumed_ones():
    outcomes = outcomes_of({(model, 1, 0): 'passed' for model in 'AB'})
    timed = outcomes.assign(seconds=np.where(outcomes.model=='A', 2., np.nan))
    assert token_seconds(timed, dict(A=9., B=3.), .01)=={'A': .2, 'B': .03}
    assert np.isnan(token_seconds(outcomes, {})['A'])
