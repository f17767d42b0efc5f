from llmr.attainable import training_claims, verified_cascade
from llmr.labels import all_labels, pair_gaps


def test_without_copies_nothing_leaks(shipped, pairs):
    "A run with augmentation none has no copy that could be on both sides."
    labels = all_labels(pair_gaps(shipped('outcomes'), pairs[0], 'standard'))
    claims = training_claims(labels, shipped('features').query('copy==0'), pairs[:1])
    assert claims.claim_id.tolist()==['epochs']


def test_the_cascade_counts_hidden_tests_alone(shipped, pairs):
    "Each task's tests, one visible in turn, counted again without the trials."
    outcomes = shipped('outcomes').query("split=='test'")
    small, large = (outcomes[outcomes.model==model].set_index('task_id').tests for model in pairs[1])
    passed = 0
    for task_id,tests in small.items():
        for visible,result in enumerate(tests):
            chosen = tests if result=='passed' else large[task_id]
            passed += sum(word=='passed' for i,word in enumerate(chosen) if i!=visible)
    trials = verified_cascade(outcomes, pairs[1])
    assert trials.passed.sum()==passed and trials.kept.sum()==sum(list(tests).count('passed') for tests in small)
