"Outcomes for tests, written as words."
import pandas as pd


def outcomes_of(words, split='test', tokens=10):
    "`{(model, task, sample): 'passed failed ...'}` as outcomes."
    return pd.DataFrame([
        dict(task_id=task, split=split, model=model, sample=sample, tests=results.split(),
             n_tests=len(results.split()), n_passed=results.split().count('passed'), n_tokens=tokens)
        for (model, task, sample),results in words.items()])
