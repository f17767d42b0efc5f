"Runs: what a price may be."
import numpy as np
import pytest

from llmr.core import InputError
from llmr.runs import check_price, check_prices

MODELS = ('A', 'B')


@pytest.mark.parametrize('prices,message', [
    (dict(A=1), "model 'B' has no price; there are 'A'. Give one for each of A, B"),
    ({}, "model 'A' has no price; there are none"),
    (dict(A=-1, B=2), "price of 'A' is -1: must be a number from 0"),
    (dict(A=float('nan'), B=2), 'must be a number from 0'),
    (dict(A=float('inf'), B=2), 'must be a number from 0'),
    (dict(A='1', B=2), "price of 'A' is '1': must be a number from 0"),
    (dict(A=True, B=2), 'must be a number from 0'),
    (dict(A=0, B=0), 'every price is 0: A, B cannot be compared on cost'),
    (['A', 'B'], r"prices are \['A', 'B'\]: must name a price for each of A, B"),
    (None, 'prices are None')])
def test_a_wrong_price_is_refused(prices, message):
    with pytest.raises(InputError, match=message): check_prices(prices, MODELS)


def test_prices_come_back_as_numbers_of_the_models_asked_for():
    assert check_prices(dict(A=0, B=np.float64(2.), C='not looked at'), MODELS)==dict(A=0., B=2.)
    assert check_price(0, 'A')==0. and isinstance(check_price(0, 'A'), float)


def test_a_price_of_an_unknown_model():
    with pytest.raises(InputError, match="price of unknown model 'D'; choose from A, B"):
        check_prices(dict(A=1, B=2, D=3), MODELS, allow_others=False)
