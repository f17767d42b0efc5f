import numpy as np
import pytest

from llmr.claims import author_grades
from llmr.evaluation import paired_outcomes, random_gap
from llmr.printed import grade_differences, nested_sd, plot_published, published_curve


def test_published_gains_over_random(shipped, pairs):
    "Errata 4, to a tenth of a point."
    published = published_curve(shipped('outcomes'), pairs)
    gains = (100*(published.performance_gap-published.random)).groupby([published['quality'], published.pair]).mean()
    expected = {
        ('standard', '1B-8B'): -1.8, ('standard', '8B-70B'): -1., ('standard', '1B-70B'): -2.6,
        ('brevity', '1B-8B'): 1.9, ('brevity', '8B-70B'): -.7, ('brevity', '1B-70B'): 1.7}
    for key,gain in expected.items(): assert gains[key]==pytest.approx(gain, abs=.15), key


def test_the_closed_form_of_random_routing(shipped, pairs):
    paired = paired_outcomes(shipped('outcomes'), pairs[1])
    won, rng = (paired.small_passed-paired.large_passed).to_numpy()/paired.large_tests.sum(), np.random.default_rng(0)
    sums = np.array([np.cumsum(rng.permutation(won))[[149, 349]] for _ in range(6000)])
    for column,share in enumerate((.3, .7)):
        mean, sd = random_gap(paired, share)
        assert sums[:, column].mean()==pytest.approx(mean, abs=4*sd/np.sqrt(6000))
        assert sums[:, column].std()==pytest.approx(sd, rel=.04)
    sds = [random_gap(paired, share)[1] for share in (.3, .7)]
    assert sums.mean(1).std()==pytest.approx(nested_sd((.3, .7), sds), rel=.04)


def test_a_picture_without_a_published_pair_says_so(shipped, pairs):
    empty = published_curve(shipped('outcomes'), [])
    assert 'no number' in plot_published(empty).axes[0].texts[0].get_text()


def test_tasks_whose_names_are_text_have_no_grades_of_the_authors(shipped):
    few = shipped('outcomes').head(3)
    grades = author_grades().merge(few[['model', 'split', 'task_id', 'sample']])
    assert len(grades)==3 and not len(grade_differences(few.assign(task_id=['a/1', 'a/2', 'a/3']), grades))
