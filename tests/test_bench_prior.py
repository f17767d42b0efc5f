"The benchmark of a prior: what it learned from is not scored."
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from llmr.core import InputError


@pytest.fixture(scope='module')
def prior():
    path = Path(__file__).parent.parent/'benchmarks'/'prior.py'
    spec = importlib.util.spec_from_file_location('bench_prior', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORED = ['Write a function to find the largest number of a list that is even and not yet seen.', 'Reverse a string.']


@pytest.mark.parametrize('text', [
    SCORED[0], SCORED[0].upper().replace('.', '!'), 'reverse a  STRING',
    f'def f(x):\n    """{SCORED[0]}\n\n    >>> f([1])\n    """',
    'Write a function to find the largest number of a list that is even and not zero, please.'])
def test_a_prior_of_scored_tasks_is_refused(prior, text):
    apart = 'Add the numbers of a matrix whose rows have different lengths, and sort them.'
    with pytest.raises(InputError, match='1 of 2 tasks of the prior are among those that are scored, such as number 1'):
        prior.check_apart([apart, text], SCORED)


def test_other_tasks_may_be_learned_from(prior):
    others = ['Write a function to find the smallest prime of a range.', 'Reverse the order of the words of a text.']
    prior.check_apart(others, SCORED)
    assert prior.shared(others, SCORED).tolist()==[False, False]


def test_a_prior_that_tells_nothing_gets_no_weight(prior):
    rng = np.random.default_rng(0)
    z = rng.normal(size=400)
    assert prior.weight_of(z, z+rng.normal(size=400))==pytest.approx(1, abs=.15)
    assert abs(np.mean([prior.weight_of(z[:50], rng.normal(size=50)) for _ in range(40)]))<.1
    assert prior.weight_of(z, np.zeros(400))==0
