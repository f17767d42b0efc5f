"The measured effect of the paper's augmentation."
import numpy as np
import pandas as pd

from llmr.augmentation import effect
from llmr.evaluation import bootstrap_weights


def test_no_change_has_no_effect():
    scores, y = np.array([.2, .8, .5]), np.array([0., 1., .5])
    paired = pd.DataFrame(dict(small_tests=3, small_passed=[0, 3, 1], large_tests=3, large_passed=[3, 3, 2]))
    rows = effect(scores, scores, y, paired, bootstrap_weights(3, 100))
    assert (rows[['difference', 'low', 'high']]==0).all(axis=None)
