import numpy as np
import pandas as pd

from llmr.causes import brevity_claims, grading_claims, label_claims, tie_claims
from llmr.labels import all_labels, pair_gaps


def test_confidences_fit_the_labels_that_they_were_trained_on(shipped, pairs):
    "If the strict labels lay at the printed confidences, the claim would hold."
    pair_qualities = [(pair, quality) for pair in pairs for quality in ('standard', 'brevity')]
    labels = all_labels(pd.concat([pair_gaps(shipped('outcomes'), pair, quality) for pair,quality in pair_qualities]))
    verdicts = label_claims(labels).set_index('subject').verdict
    assert verdicts['8B-70B standard']=='does not fit'
    strict = labels.pair.eq('8B-70B') & labels['quality'].eq('standard') & labels.label.eq('strict')
    moved = labels.assign(y=labels.y.where(~strict, .87))
    assert label_claims(moved).set_index('subject').verdict['8B-70B standard']=='fits'
    of_one = label_claims(labels[labels.pair=='1B-70B'])
    assert set(of_one.subject)=={'1B-70B standard', '1B-70B brevity'}
    assert of_one.note.str.endswith('which is also printed for 8B-70B').tolist()==[False, True]


def test_the_shorter_program_wins_a_tie(shipped, pairs):
    outcomes = shipped('outcomes')
    equal = outcomes.assign(n_passed=1, n_tokens=outcomes.n_tokens.where(outcomes.model!='1B', 1))
    task_ids = outcomes.task_id[outcomes.split=='train'].unique()
    about = dict(split='train', pair='1B-8B', quality='brevity', label='inclusive')
    labels = pd.DataFrame(dict(task_id=task_ids, y=1.)).assign(**about)
    row = brevity_claims(equal, labels, pairs[:1]).iloc[0]
    assert (row.corrected, row.low, row.high, row.verdict)==(1, 1, 1, 'agree')
    one_less = labels.assign(y=np.where(np.arange(len(labels))<8, .9, 1.))
    assert brevity_claims(equal, one_less, pairs[:1]).verdict.tolist()==['differ'], 'pairs of labels, not two means'


def test_ties_by_hand(shipped, pairs):
    rows = tie_claims(shipped('outcomes').assign(n_passed=0), pairs[:1])
    assert rows.reproduced.tolist()==[100, 100] and rows.verdict.eq('supported').all()


def test_lenient_grades_equal_to_strict_ones_change_nothing(shipped, pairs):
    outcomes = shipped('outcomes')
    rows = grading_claims(outcomes, outcomes.assign(mode='lenient'), pairs)
    changed = rows[rows.claim_id.isin(['lenient_rate', 'lenient_gap'])]
    assert (changed.reproduced==changed.corrected).all()
    assert rows[rows.claim_id=='lenient_rate'].verdict.eq('undecided').all()
