"Which stages are still good, and what is refused before anything runs."
import json
import shutil

import pandas as pd
import pytest
from conftest import NBS

import llmr.pipeline as runner
from llmr.core import InputError
from llmr.runs import open_run, read_record
from llmr.pipeline import BEYOND, STAGES, check_parameters, fingerprint, is_done, stage_parameters


def test_every_stage_takes_the_common_parameters():
    for stage in STAGES+BEYOND: assert runner.COMMON<=set(stage_parameters(stage)), stage


@pytest.mark.parametrize('tags', [(), ('parameters', 'parameters')])
def test_a_notebook_without_exactly_one_parameters_cell_is_refused(tmp_path, monkeypatch, tags):
    notebook = json.loads((NBS/'01_problem.ipynb').read_text(encoding='utf-8'))
    for cell in notebook['cells']: cell['metadata'].pop('tags', None)
    for cell,tag in zip(notebook['cells'][-2:], tags): cell['metadata']['tags'] = [tag]
    (tmp_path/'01_problem.ipynb').write_text(json.dumps(notebook))
    monkeypatch.setattr(runner, 'stage_notebook', lambda stage: tmp_path/f'{stage}.ipynb')
    with pytest.raises(InputError, match=f'{len(tags)} cells are tagged'): stage_parameters('01_problem')


def test_parameters_are_checked_by_name_and_type():
    check_parameters(dict(epochs=3, encoder='minilm', recordings=None))
    with pytest.raises(InputError, match="unknown parameter 'lr'"): check_parameters(dict(lr=1))
    for value in ('3', 3., True):
        with pytest.raises(InputError, match='not of type int'): check_parameters(dict(epochs=value))


def test_a_parameter_beyond_the_paper_needs_the_stages_beyond_it():
    check_parameters(dict(repeats=1))
    with pytest.raises(InputError, match="'repeats' belongs to 09_selection, which is beyond the paper. Add --beyond"): check_parameters(dict(repeats=1), STAGES)


def test_stages_beyond_the_paper_are_run_on_demand_and_not_again(toy_copy, monkeypatch):
    ran = []
    def stage(run, stage, given):
        ran.append((stage, given))
        return dict(seconds=0, reads={}, writes={})
    monkeypatch.setattr(runner, 'run_stage', stage)
    same = dict(tasks_per_split=20) # as the run was made
    runner.reproduce('toy', toy_copy, parameters=same)
    assert ran==[]
    for _ in range(2): runner.reproduce('toy', toy_copy, parameters=same | dict(repeats=1), beyond=True)
    assert [name for name,_ in ran]==list(BEYOND) and ran[0][1]['repeats']==1 and ran[0][1]['profile']=='toy'


def test_a_fingerprint_hears_of_code_parameters_and_named_folders(tmp_path, monkeypatch):
    (tmp_path/'a.jsonl').write_text('1')
    given = dict(seed=1, recordings=str(tmp_path))
    before = fingerprint('02_sampling', given)
    assert before==fingerprint('02_sampling', dict(given)) and before!=fingerprint('02_sampling', given | dict(seed=2)) and before!=fingerprint('04_labels', given)
    (tmp_path/'a.jsonl').write_text('2')
    assert fingerprint('02_sampling', given)!=before
    shutil.copytree(NBS, tmp_path/'nbs', ignore=shutil.ignore_patterns('.*', '_quarto.yml'))
    monkeypatch.setattr(runner, 'stage_notebook', lambda stage: tmp_path/'nbs'/f'{stage}.ipynb')
    same = fingerprint('02_sampling', dict(seed=1))
    with open(tmp_path/'nbs'/'02_sampling.ipynb', 'a') as f: f.write('\n')
    assert fingerprint('02_sampling', dict(seed=1))!=same


def test_a_name_is_no_folder_and_a_place_is_made_absolute(tmp_path, monkeypatch):
    "Stages run in the run directory, so places go to them whole; a folder that is called as a benchmark, kind or encoder is not meant."
    monkeypatch.chdir(tmp_path)
    for name in ('mbpp', 'humaneval', 'minilm', 'stack', 'mine', 'auto'): (tmp_path/name).mkdir()
    (tmp_path/'own.jsonl').write_text('{}')
    given = {}
    monkeypatch.setattr(runner, 'run_stage', lambda run, stage, parameters: given.update(parameters) or dict(seconds=0, reads={}, writes={}))
    names = dict(tasks_source='humaneval', recordings='tjbai-llmr', encoder='minilm', kind='stack', isolation='auto', preamble='#'*300)
    runner.reproduce('toy', tmp_path/'run', parameters=names, beyond=True)
    assert {name: given[name] for name in names}==names
    runner.reproduce('toy', tmp_path/'run', parameters=dict(tasks_source='own.jsonl', recordings='mine', encoder='mine#mean'))
    assert (given['tasks_source'], given['recordings'], given['encoder'])==(str(tmp_path/'own.jsonl'), str(tmp_path/'mine'), f'{tmp_path/"mine"}#mean')
    before = fingerprint('05_router', dict(encoder=given['encoder']))
    (tmp_path/'mine'/'weights').write_text('1')
    assert fingerprint('05_router', dict(encoder=given['encoder']))!=before


def test_a_stage_is_done_while_its_files_are(tmp_path):
    run = open_run('toy', tmp_path)
    (tmp_path/'in').write_text('a'), (tmp_path/'out').write_text('b')
    held = dict(fingerprint='f', reads={'in': runner.file_hash(tmp_path/'in')}, writes={'out': runner.file_hash(tmp_path/'out')})
    run.note(stages={'04_labels': held})
    assert is_done(run, '04_labels', 'f') and not is_done(run, '04_labels', 'g') and not is_done(run, '05_router', 'f')
    (tmp_path/'in').write_text('c')
    assert not is_done(run, '04_labels', 'f')
    (tmp_path/'in').write_text('a'), (tmp_path/'out').unlink()
    assert not is_done(run, '04_labels', 'f')


def test_a_verdict_of_another_run_in_the_same_directory_is_not_told(toy_copy):
    "As after another seed or another version, where only the stages of the paper were run again."
    run = runner.finished_run(toy_copy)
    run.csv('verdict', pd.DataFrame([dict(pair='small-large', split='test', router='ridge', verdict='ROUTE', margin=.01)]))
    record = dict(reads={'outcomes.parquet': runner.file_hash(toy_copy/'outcomes.parquet')}, writes={'tables/verdict.csv': runner.file_hash(toy_copy/'tables'/'verdict.csv')})
    run.note(stages=read_record(toy_copy)['stages'] | {'11_verdict': record})
    assert 'Verdict at a margin' in runner.summary(run)
    outcomes = run.read('outcomes')
    run.write('outcomes', outcomes.assign(n_tokens=outcomes.n_tokens+1))
    assert 'Verdict at a margin' not in runner.summary(run)
    with pytest.raises(InputError, match='stage 03_execution has not been run, or what it read or wrote has changed since'): runner.finished_run(toy_copy)


def test_the_stand_in_tables_are_what_a_toy_run_writes(toy_run):
    from llmr.core import package_file
    kept, drawn = (pd.read_parquet(folder/'completions.parquet') for folder in (package_file('toy/tables'), toy_run[0]))
    same = (kept.text==drawn.text).mean()
    assert same>.95 and (kept[['task_id', 'model', 'sample']]==drawn[['task_id', 'model', 'sample']]).all(axis=None), f'{same:.0%} of the texts are the same: run make fixture'
    if same<1: pytest.skip(f'{same:.1%} of the texts are the same: this processor rounds otherwise than the one that made the tables')
    for path in sorted(toy_run[0].glob('*.parquet')):
        if path.stem!='timings': pd.testing.assert_frame_equal(pd.read_parquet(package_file(f'toy/tables/{path.name}')), pd.read_parquet(path), rtol=1e-3, atol=1e-3, obj=f'{path.stem}: run make fixture')
