"Folders as evaluation tools lay them out, in several versions: small files written here, and what must be counted."
import json
import zipfile
from functools import partial

import pytest

from llmr.core import InputError
from llmr.formats import gather

MODELS = {'org/a': 1, 'org/b': 3} # Model, and how many of four tasks it solves
TASKS = [f'T/{i}' for i in range(4)]


def lay(folder, **files):
    "Write files: texts as they are, everything else as JSON or JSON lines."
    for name,value in files.items():
        path = folder/name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith('.jsonl'): value = '\n'.join(map(json.dumps, value))
        path.write_text(value if isinstance(value, str) else json.dumps(value))


def flat(model): return model.replace('/', '--')


def evalplus_031(folder, model, k):
    runs = {task: [dict(task_id=task, solution='pass', base_status='pass', plus_status='pass' if i<k else 'fail')]
            for i,task in enumerate(TASKS)}
    samples = [dict(task_id=task, solution='pass') for task in TASKS]
    lay(folder, **{f'{flat(model)}.eval_results.json': dict(hash='h', eval=runs, pass_at_k={}),
                   f'{flat(model)}.jsonl': samples})


def lm_row(i, **more):
    return dict(doc_id=i, doc={}, arguments=[[f'Q{i}', {}]], resps=[['x']], filtered_resps=['x']) | more


def lm_eval_040(folder, model, k):
    name = f'pretrained__{model.replace("/", "__")},dtype__float'
    lay(folder/flat(model), **{f'{name}_gsm8k.jsonl': [lm_row(i, exact_match=float(i<k)) for i in range(4)],
                               'results.json': dict(results=dict(gsm8k={}), config=dict(model='hf', model_args=name))})


def lm_eval_metrics(folder, model, k):
    rows = [lm_row(i, filter='none', prompt_level_strict_acc=i<k, inst_level_strict_acc=[True]) for i in range(4)]
    perplexity = [lm_row(i, filter='none', word_perplexity=[1., 2]) for i in range(4)]
    lay(folder/model.replace('/', '__'), **{
        'samples_ifeval_2024-09-01T10-00-00.1.jsonl': rows, 'samples_wikitext_2024-09-01T10-00-00.1.jsonl': perplexity,
        'results_2024-09-01T10-00-00.1.json': dict(results={}, model_name=model, config={})})


def write_out(folder, model, k):
    lay(folder/model, **{'gsm8k_write_out_info.json': [dict(doc_id=i, acc=str(i<k)) for i in range(4)]})


def log_of(model, k, created, epochs=1):
    about = dict(task='t', task_id=f'run of {model}', model=model, created=created, scorers=[dict(name='match')])
    samples = [dict(id=i, epoch=e, input=[dict(role='user', content=f'Q{i}')],
                    scores=dict(match=dict(value='C' if i<k else 'I'))) for i in range(4) for e in range(epochs)]
    return dict(version=2, status='success', eval=about, results={}, samples=samples)


def inspect_retried(folder, model, k):
    broken = log_of(model, 4, '2025-01-01') | dict(status='error')
    cancelled = {name: part for name,part in log_of(model, 4, '2025-01-01').items() if name!='samples'}
    logs = broken, log_of(model, k, '2025-01-02'), cancelled
    lay(folder, **{f'{number}{flat(model)}.json': log for number,log in enumerate(logs)})


def inspect_epochs(folder, model, k):
    log = log_of(model, k, '2025-01-01', 2)
    with zipfile.ZipFile(folder/f'{flat(model)}.eval', 'w') as archive:
        archive.writestr('_journal/start.json', json.dumps(dict(eval=log['eval'])))
        archive.writestr('summaries.json', json.dumps([dict(id=0, epoch=0, scores={})]))
        for sample in log['samples']:
            archive.writestr(f'samples/{sample["id"]}_epoch_{sample["epoch"]}.json', json.dumps(sample))


def helm(folder, model, k, only_predictions=False):
    name, ids = dict(name='omni_math_accuracy', split='test'), [f'id{i}' for i in range(4)]
    stats = [dict(instance_id=task, stats=[dict(name=name, mean=float(i<k))]) for i,task in enumerate(ids)]
    shown = [dict(instance_id=task, predicted_text='', stats={name['name']: float(i<k)}) for i,task in enumerate(ids)]
    files = {'run_spec.json': dict(name=f'omni:model={model}', adapter_spec=dict(model=model)),
             'stats.json': [dict(name=name, count=1, sum=1., mean=1.)], 'display_predictions.json': shown,
             'display_requests.json': [dict(instance_id=task, request={}) for task in ids],
             'instances.json': [dict(input=dict(text=f'Q{task}'), id=task) for task in ids]}
    if not only_predictions: files['per_instance_stats.json'] = stats
    lay(folder/'runs'/f'omni:model={flat(model)}', **files)


def swebench(folder, model, k):
    report = dict(resolved_instances=k, unstopped_instances=2, resolved_ids=TASKS[:k], unresolved_ids=TASKS[k:3],
                  empty_patch_ids=TASKS[3:] if k<4 else [], error_ids=[], incomplete_ids=['U/1'], submitted_ids=TASKS)
    lay(folder, **{f'{flat(model)}.json': report})


def swebench_experiments(folder, model, k):
    lists = dict(no_generation=[], generated=TASKS, with_logs=TASKS, applied=TASKS, install_fail=[], resolved=TASKS[:k])
    sums = {'x/x': dict(resolved=k, total=4)}
    lay(folder/model, **{'results/results.json': lists, 'results/resolved_by_repo.json': sums, 'README.md': '# A\n'})


def swebench_details(folder, model, k):
    details = {task: dict(resolved=i<k, cost=.1, api_calls=i) for i,task in enumerate(TASKS)}
    lay(folder/model, **{'per_instance_details.json': details})


def swebench_pro(folder, model, k):
    lay(folder/model, **{'eval_results.json': {task: i<k for i,task in enumerate(TASKS)}})


def by_id(folder, model, k):
    lay(folder/model, **{'r.json': {task: dict(passed=i<k, cost=.1) for i,task in enumerate(TASKS)}})


def terminal_bench(folder, model, k, summed=True):
    trials = [dict(trial_name=f'{task} 1-of-1', task_id=task, instruction=f'Do {task}', is_resolved=i<k or None)
              for i,task in enumerate(TASKS)]
    run = folder/f'2025-08-2{k}__12-29-38'
    lay(run, **{'run_metadata.json': dict(agent_name='terminus', model_name=model)})
    for i,trial in enumerate(trials): lay(run/f'task{i}'/f'task{i}.1-of-1', **{'results.json': trial})
    if summed: lay(run, **{'results.json': dict(results=trials, n_resolved=k)})


def harbor(folder, model, k, agents=('terminus',)):
    for agent in agents:
        job = folder/f'{agent}{k}'
        about = dict(started_at='2025-11-01T10:00:00', n_total_trials=4, stats={})
        lay(job, **{'result.json': about, 'job.log': 'x\n'})
        for i,task in enumerate(TASKS):
            trial = dict(task_name=task, trial_name=f'{i}__x', config=dict(agent=dict(name=agent, model_name=model)),
                         verifier_result=dict(rewards=dict(reward=float(i<k))))
            lay(job/f'{i}__x', **{'result.json': trial, 'config.json': dict(trial_name=f'{i}__x', agent={}),
                                  'verifier/reward.txt': '1\n', 'verifier/reward.json': dict(reward=1.)})


def aider_polyglot(folder, model, k):
    for i,language in enumerate(['go', 'java', 'python', 'rust']):
        result = dict(testdir=f'x/{language}/exercises/practice/bowling', testcase='bowling', model=model,
                      tests_outcomes=[False, i<k], cost=.1, duration=1.)
        run = folder/f'2025-01-0{k}--run-{language}'
        lay(run/language/'exercises/practice/bowling', **{'.aider.results.json': result})


def livecodebench_execution(folder, model, k):
    rows = [dict(question_id='q', id=f'sample_{i}', graded_list=[i<k]) for i in range(4)]
    lay(folder/model, **{'Scenario.codeexecution_4_0.2_eval_all.json': rows})


def router_bench_of_one_model(folder, model, k):
    rows = [dict(index=i, prompt=f'Q{i}', prediction=f'answer {i}', score=float(i<k), cost=.1) for i in range(4)]
    lay(folder/flat(model), **{'mmlu.json': dict(performance=.5, model_name=model, dataset_name='mmlu', records=rows)})


LAYOUTS = dict(
    evalplus=evalplus_031, lm_eval_040=lm_eval_040, lm_eval_metrics=lm_eval_metrics, lm_eval_03=write_out,
    inspect_retried=inspect_retried, inspect_epochs=inspect_epochs, helm=helm,
    helm_predictions=partial(helm, only_predictions=True), swebench=swebench, experiments=swebench_experiments,
    details=swebench_details, swebench_pro=swebench_pro, by_id=by_id, terminal_bench=terminal_bench,
    terminal_bench_killed=partial(terminal_bench, summed=False), harbor=harbor, aider=aider_polyglot,
    livecodebench=livecodebench_execution, router_bench=router_bench_of_one_model)


def counted(folder):
    "`{model: (tasks, tasks passed)}` of a folder."
    outcomes = gather([folder]).outcomes
    tasks = outcomes.groupby(['model', 'task_id']).n_passed.mean()
    return {model: (len(part), part.sum()) for model,part in tasks.groupby('model')}


@pytest.mark.parametrize('name', LAYOUTS)
def test_a_folder_as_a_tool_lays_it_out(tmp_path, name):
    for model,k in MODELS.items(): LAYOUTS[name](tmp_path, model, k)
    found = {model.replace('--', '/'): counts for model,counts in counted(tmp_path).items()}
    assert found in ({'org/a': (4, 1), 'org/b': (4, 3)}, {'a': (4, 1), 'b': (4, 3)})


def test_two_agents_with_one_model_are_two(tmp_path):
    harbor(tmp_path, 'org/a', 1, ('terminus', 'goose'))
    assert counted(tmp_path)=={'org/a (goose)': (4, 1), 'org/a (terminus)': (4, 1)}


def test_models_alike_in_every_outcome_are_both_kept(tmp_path):
    for model in 'ab': lay(tmp_path, **{f'{model}.json': dict(hash='h', eval={'T/1': [dict(base_status='pass')]})})
    assert counted(tmp_path)=={'a': (1, 1), 'b': (1, 1)}


@pytest.mark.parametrize('name,content,reason', [
    ('ragged.csv', 'a,b\n1,2,3\n', '3 cells below 2 headings'), ('notes.csv', 'name,age\nx,5\n', 'nothing says what'),
    ('marks.csv', 'task_id,score\nx,87\n', "score is '87'"), ('log.txt', 'started', 'one column'),
    ('sums.json', dict(eval=dict(model='m'), results={}), 'an Inspect log of m without samples')])
def test_a_file_without_outcomes_is_left_out_of_a_folder_and_refused_alone(tmp_path, name, content, reason):
    swebench(tmp_path, 'org/b', 3)
    lay(tmp_path, **{name: content})
    recorded = gather([tmp_path])
    assert recorded.models==['org--b'] and f'{name} (' in recorded.notes[0] and reason in recorded.notes[0]
    with pytest.raises(InputError, match=reason): gather([tmp_path/name])


def test_a_wrong_score_of_a_tool_is_an_error_in_a_folder_too(tmp_path):
    swebench(tmp_path, 'org/b', 3)
    lay(tmp_path, **{'samples_wmt_2024-09-01T10-00-00.1.jsonl': [lm_row(7, metrics=['bleu'], bleu=23.4)]})
    with pytest.raises(InputError, match='doc 7: bleu is 23.4. A score is'): gather([tmp_path])
