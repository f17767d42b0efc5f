"The toy benchmark in service: recorded answers behind `llmr serve`, grades posted, the log judged as the tables are."
import http.client
import json

import numpy as np
import pandas as pd
import pytest
from conftest import NBS
from serve_stubs import Stub, served

from llmr.benchmarks import load_tasks
from llmr.cascade import apply_gates
from llmr.core import package_file
from llmr.decisions import decisions_on_files
from llmr.execution import execute
from llmr.own_data import verdict_on_files
from llmr.problem import format_prompt, task_prompts
from llmr.prompt_tests import Checker, find_tests
from llmr.request_log import read_lines
from llmr.runs import Pair
from llmr.sampling import load_completions
from llmr.trials import visible_test_trials
from llmr.watch import watch

PAIR = Pair('small', 'large')


@pytest.fixture(scope='module')
def toy():
    "Tasks that show their first test, and the first recorded answer and outcome of both models."
    tasks, completions, outcomes = (pd.read_parquet(package_file(f'toy/tables/{name}.parquet'))
                                    for name in ('tasks', 'completions', 'outcomes'))
    tasks['prompt'] = [format_prompt(text, tests[:1].tolist()) for text,tests in zip(tasks.text, tasks.tests)]
    assert tasks.prompt.is_unique
    return tasks, completions[completions['sample']==0], outcomes[outcomes['sample']==0].assign(split='test')


def replaying(toy, model):
    "A server that has the recorded answers of a model."
    tasks, completions, _ = toy
    codes = completions[completions.model==model].set_index('task_id').code
    stub = Stub(model)
    stub.texts = {row.prompt: f'```python\n{codes[row.task_id]}\n```' for row in tasks.itertuples()}
    return stub


class Rising:
    "A router whose scores are spread evenly, by the prompt."
    calibration = np.linspace(0, 1, 101)
    def __init__(self, prompts): self.places, self.card = {text: i/len(prompts) for i,text in enumerate(prompts)}, {}
    def score(self, texts): return np.array([self.places[text] for text in texts])


def connect(service): return http.client.HTTPConnection('127.0.0.1', service.port, timeout=20)


def post(connection, path, asked):
    "`(headers, body)` of a request that succeeds."
    connection.request('POST', path, json.dumps(asked), {'content-type': 'application/json'})
    response = connection.getresponse()
    body = response.read()
    assert response.status==200, body
    return response.headers, body


def chat(connection, prompt, **more):
    "`(headers, body)` of an answer."
    asked = dict(model='llmr', messages=[dict(role='user', content=prompt)]) | more
    return post(connection, '/v1/chat/completions', asked)


def watched(toy, folder):
    """`(facts, facts)` of two stores at a threshold that sends half to the small model. Both models are asked for every
    task in service and graded as they were when they were recorded; one store reads the service's log, the other one
    the table of outcomes."""
    tasks, completions, outcomes = toy
    grades, codes = outcomes.set_index(['task_id', 'model']), completions.set_index(['task_id', 'model']).code
    stubs = replaying(toy, 'small'), replaying(toy, 'large')
    with served(folder, router=Rising(tasks.prompt.tolist()), stubs=stubs, shadow=1.) as service:
        connection = connect(service)
        for row in tasks.itertuples():
            headers, body = chat(connection, row.prompt, metadata=dict(task_id=row.task_id))
            said = json.loads(body)['choices'][0]['message']['content']
            assert said==f'```python\n{codes[row.task_id, headers["x-llmr-model"]]}\n```'
            for model in PAIR:
                grade = grades.loc[(row.task_id, model)]
                post(connection, f'/v1/outcomes/{headers["x-llmr-request-id"]}', dict(
                    n_passed=int(grade.n_passed), n_tests=int(grade.n_tests), model=model))
    decided = pd.DataFrame(read_lines(folder/'log'/'decisions'))
    assert decided.to_small.sum()==len(tasks)/2 and (decided.model=='small').equals(decided.to_small)
    given = dict(small='small', large='large', taus=[.5])
    of_log = watch(folder/'served.db', [str(folder/'log'/'outcomes')], folder/'log'/'decisions', **given)[1]
    outcomes.to_parquet(folder/'outcomes.parquet')
    ranked = tasks[['task_id']].assign(score=[i/len(tasks) for i in range(len(tasks))])
    ranked.to_json(folder/'scores.jsonl', orient='records', lines=True)
    return of_log, watch(folder/'tables.db', [str(folder/'outcomes.parquet')], folder/'scores.jsonl', **given)[1]


def check_agreement(of_log, of_tables, n):
    "The same answer from the same numbers; a share of three tests is written with six digits."
    assert of_log['word']==of_tables['word'] and of_log['tasks']==of_tables['tasks']==n
    for ours,theirs in zip(of_log['points'], of_tables['points']):
        assert ours['performance_gap']==pytest.approx(theirs['performance_gap'], abs=1e-5)


def test_watching_the_log_says_what_the_tables_say(toy, tmp_path):
    of_log, of_tables = watched(toy, tmp_path)
    check_agreement(of_log, of_tables, 60)
    assert of_log['word']=="DON'T" and verdict_on_files(tmp_path/'outcomes.parquet', PAIR)[1]!='ROUTE'
    check_log_as_decisions(toy, tmp_path)


def check_log_as_decisions(toy, folder):
    "`verdict --decisions` on the service's log: the same share and rate as counted by hand."
    outcomes, decided = toy[2], pd.DataFrame(read_lines(folder/'log'/'decisions'))
    _, facts, word = decisions_on_files([folder/'outcomes.parquet'], folder/'log'/'decisions', tuple(PAIR))
    share = outcomes.set_index(['task_id', 'model']).eval('n_passed/n_tests').unstack()
    to_small = decided.set_index('task_id').to_small.reindex(share.index.astype(str))
    by_hand = np.where(to_small, share.small, share.large).mean()
    assert facts['counts']['decided']==facts['counts']['compared']==len(share)
    assert facts['rows'][0]['rate']==pytest.approx(by_hand) and facts['shares']['small']==to_small.mean()
    assert word!='ROUTE'


@pytest.mark.full
def test_the_whole_toy_benchmark_in_service(tmp_path):
    "All 460 tasks, completed by the toy pair and executed here."
    space = {'__name__': 'toy_pair'}
    for cell in json.loads((NBS/'experiments'/'toy_pair.ipynb').read_text())['cells']:
        if ''.join(cell['source']).startswith('## Run'): break # what follows trains the models
        if cell['cell_type']=='code': exec(''.join(cell['source']), space)
    tasks = pd.read_parquet(package_file('toy/pair_tasks.parquet'))
    tasks['prompt'] = task_prompts(tasks)
    once = tasks.assign(split='test') # a completion each
    completions = pd.concat([space['complete'](once, package_file(f'toy/models/{model}')) for model in PAIR])
    toy = tasks, completions, execute(completions, tasks.drop(columns='prompt')).assign(split='test')
    of_log, of_tables = watched(toy, tmp_path)
    check_agreement(of_log, of_tables, 460)
    assert {of_log['word'], verdict_on_files(tmp_path/'outcomes.parquet', PAIR)[1]}!={'ROUTE', "DON'T"}


def verified(toy, pair):
    """`(kept, expected kept, hidden tests passed, expected passed)` of the cascade in service, and as its table counts
    it. The first test is shown and run; the other two are hidden, and counted as the gate `passes` counts them."""
    tasks, _, outcomes = toy
    trials = visible_test_trials(outcomes, pair, 'test', 1)
    first = trials.groupby('task_id').head(1).assign(small_cost=1., large_cost=1., router_cost=0.)
    decided = apply_gates(first, dict(passes=1.)).set_index('task_id')
    stubs, side = (replaying(toy, pair.small), replaying(toy, pair.large)), dict(small=pair.small, large=pair.large)
    with served(router=Rising(tasks.prompt.tolist()), stubs=stubs, verify=True, checker=Checker(2)) as service:
        connection = connect(service)
        answered = {row.task_id: chat(connection, row.prompt, stream=row.Index%2==0)[0]['x-llmr-model'] for row in
                    tasks.itertuples()}
    hidden = outcomes.set_index(['task_id', 'model']).tests.map(lambda words: (words[1:]=='passed').sum())
    kept = {task: name=='small' for task,name in answered.items()}
    passed = sum(hidden[task, side[name]] for task,name in answered.items())
    return kept, decided.kept.astype(bool).to_dict(), passed, decided.passed.sum()


def test_the_cascade_in_service_passes_what_the_cascade_table_says(toy):
    kept, expected, passed, of_table = verified(toy, PAIR)
    assert kept==expected and 0<sum(kept.values())<60 and passed==of_table


@pytest.mark.full
@pytest.mark.parametrize('pair', [Pair('1B', '8B'), Pair('8B', '70B')], ids=str)
def test_the_cascade_in_service_on_recorded_answers_of_mbpp(recorded_data, shipped, pair):
    "All 500 test tasks, answered as they were when they were recorded."
    tasks = load_tasks('mbpp').query('split=="test"').reset_index(drop=True)
    tasks['prompt'] = [format_prompt(text, tests[:1]) for text,tests in zip(tasks.text, tasks.tests)]
    tasks = tasks.drop_duplicates('prompt')
    once = tasks[[len(find_tests(prompt))==1 for prompt in tasks.prompt]] # some tests need more than they show
    completions = load_completions('tjbai-llmr', load_tasks('mbpp'), pair)
    toy = tuple(frame[frame.task_id.isin(once.task_id)] for frame in (
        once, completions[completions['sample']==0], shipped('outcomes').query('split=="test"')))
    kept, expected, passed, of_table = verified(toy, pair)
    print(f'{pair}: {sum(kept.values())} of {len(kept)} kept (table {sum(expected.values())}), {passed} hidden tests '
          f'passed (table {of_table})')
    assert kept==expected and passed==of_table and len(kept)==497
