"A small router, for tests that route or serve."
import numpy as np

from llmr.estimators import fit_estimator
from llmr.features import prompt_views
from llmr.router import Router


def save_router(folder):
    "A router directory: `add` scores higher than `parse`. Returns its folder."
    texts = [f'{word} {i}' for i,word in enumerate(['add two numbers', 'parse brackets']*30)]
    gaps = np.array([1., 0.]*30)
    fitted = fit_estimator('ridge', prompt_views(texts, 'hashing', ('prompt',)), gaps, 1-gaps)
    made = Router(fitted, 'hashing', dict(small='A', large='B', widths=dict(prompt=256)))
    made.calibration = made.score(texts)
    made.save(folder)
    return folder
