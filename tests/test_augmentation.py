"The measured effect of the paper's augmentation."
import numpy as np
import pandas as pd
import pytest

from llmr.augmentation import effect, head_pair
from llmr.evaluation import bootstrap_weights, gain_over_random

PAIRED = pd.DataFrame(dict(small_tests=3, small_passed=[0, 3, 1], large_tests=3, large_passed=[3, 3, 2]))
Y = np.array([0., 1., .5])


def test_no_change_has_no_effect():
    scores = np.array([.2, .8, .5])
    rows = effect(scores, scores, Y, PAIRED, bootstrap_weights(3, 100))
    assert (rows[['difference', 'low', 'high']]==0).all(axis=None)


def test_effect_by_hand():
    plain, augmented = np.array([.2, .8, .1]), np.array([.1, .9, .5])
    rows = effect(plain, augmented, Y, PAIRED, bootstrap_weights(3, 500)).set_index('measure')
    assert rows.index.tolist()==['loss', 'brier', 'gain']
    brier = rows.loc['brier']
    assert (brier.plain, brier.augmented)==pytest.approx(((.04+.04+.16)/3, (.01+.01+0)/3))
    # every task is scored better, so every resample is: by .03 at least and .16 at most
    assert -.16-1e-12<=brier.low<brier.difference<brier.high<=-.03+1e-12
    gains = [gain_over_random(scores, PAIRED) for scores in (plain, augmented)]
    assert rows.loc['gain', ['plain', 'augmented', 'difference']].tolist()==[*gains, gains[1]-gains[0]]
    assert rows.loc['loss', 'high']<0


def test_only_the_augmented_head_sees_the_copies():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4, 6)).astype(np.float32), rng.random(30).astype(np.float32)
    validation = rng.normal(size=(10, 6)).astype(np.float32), rng.random(10).astype(np.float32)
    other = np.concatenate([x[:, :1], rng.normal(size=(30, 3, 6)).astype(np.float32)], 1)
    plain, augmented = head_pair(x, y, validation)
    plain_again, augmented_again = head_pair(other, y, validation)
    assert plain.shape==(10,) and ((plain>0) & (plain<1)).all() and (plain==plain_again).all()
    assert np.abs(augmented-augmented_again).max()>1e-4
