"Which stages are done, what is refused before anything runs, and what becomes of what a kernel prints."
import json
import shutil

import nbformat
import pandas as pd
import pytest
from conftest import NBS
from nbformat.v4 import new_code_cell, new_notebook

import llmr.pipeline as runner
from llmr.cli import main
from llmr.core import InputError, package_file
from llmr.pipeline import BEYOND, STAGES, check_parameters, fingerprint, is_done, stage_parameters
from llmr.runs import open_run, read_record


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
    with pytest.raises(InputError, match="'repeats' belongs to 09_selection, which is beyond the paper. Add --beyond"):
        check_parameters(dict(repeats=1), STAGES)


@pytest.fixture
def ran(monkeypatch):
    "`(stage, parameters)` of each stage that would run, none of which does."
    ran = []
    def note(run, stage, parameters, kernel=None):
        ran.append((stage, parameters))
        return dict(seconds=0, reads={}, writes={})
    monkeypatch.setattr(runner, 'run_stage', note)
    return ran


def test_stages_beyond_the_paper_are_run_on_demand_and_not_again(toy_copy, ran):
    same = dict(tasks_per_split=20) # as the run was made
    runner.reproduce('toy', toy_copy, parameters=same)
    assert ran==[]
    for _ in range(2): runner.reproduce('toy', toy_copy, parameters=same | dict(repeats=1), beyond=True)
    given = dict(ran)
    assert [name for name,_ in ran]==list(BEYOND)
    assert given['09_selection']['repeats']==1 and given['09_selection']['profile']=='toy'


def test_a_fingerprint_covers_code_parameters_and_named_folders(tmp_path, monkeypatch):
    (tmp_path/'a.jsonl').write_text('1')
    given = dict(seed=1, recordings=str(tmp_path))
    before = fingerprint('02_sampling', given)
    assert fingerprint('02_sampling', dict(given))==before
    assert before not in (fingerprint('02_sampling', given | dict(seed=2)), fingerprint('04_labels', given))
    (tmp_path/'a.jsonl').write_text('2')
    assert fingerprint('02_sampling', given)!=before
    shutil.copytree(NBS, tmp_path/'nbs', ignore=shutil.ignore_patterns('.*', '_quarto.yml'))
    monkeypatch.setattr(runner, 'stage_notebook', lambda stage: tmp_path/'nbs'/f'{stage}.ipynb')
    same = fingerprint('02_sampling', dict(seed=1))
    with open(tmp_path/'nbs'/'02_sampling.ipynb', 'a') as f: f.write('\n')
    assert fingerprint('02_sampling', dict(seed=1))!=same


def test_a_name_is_no_folder_and_a_place_is_made_absolute(tmp_path, monkeypatch, ran):
    """Stages run in the run directory, so they get absolute paths; a folder with the name of a benchmark, estimator or
    encoder is not meant."""
    monkeypatch.chdir(tmp_path)
    for name in ('mbpp', 'humaneval', 'minilm', 'stack', 'mine', 'auto'): (tmp_path/name).mkdir()
    (tmp_path/'own.jsonl').write_text('{}')
    def given(**parameters):
        "What the stages get, all together."
        ran.clear()
        runner.reproduce('toy', tmp_path/'run', parameters=parameters, beyond=True)
        return {name: value for _,stage in ran for name,value in stage.items()}
    names = dict(tasks_source='humaneval', recordings='tjbai-llmr', encoder='minilm', isolation='auto',
                 preamble='#'*300)
    assert names.items()<=given(**names).items()
    places = given(tasks_source='own.jsonl', recordings='mine', encoder='mine#mean')
    assert places['tasks_source']==str(tmp_path/'own.jsonl') and places['recordings']==str(tmp_path/'mine')
    assert places['encoder']==f'{tmp_path/"mine"}#mean'
    before = fingerprint('05_router', dict(encoder=places['encoder']))
    (tmp_path/'mine'/'weights').write_text('1')
    assert fingerprint('05_router', dict(encoder=places['encoder']))!=before


def test_a_stage_is_done_while_its_files_are(tmp_path):
    run = open_run('toy', tmp_path)
    (tmp_path/'in').write_text('a'), (tmp_path/'out').write_text('b')
    hashes = {name: {name: runner.file_hash(tmp_path/name)} for name in ('in', 'out')}
    run.note(stages={'04_labels': dict(fingerprint='f', reads=hashes['in'], writes=hashes['out'])})
    assert is_done(run, '04_labels', 'f') and not is_done(run, '04_labels', 'g') and not is_done(run, '05_router', 'f')
    (tmp_path/'in').write_text('c')
    assert not is_done(run, '04_labels', 'f')
    (tmp_path/'in').write_text('a'), (tmp_path/'out').unlink()
    assert not is_done(run, '04_labels', 'f')


def test_a_verdict_of_other_outcomes_is_not_shown(toy_copy):
    "As after another seed or another version, where only the stages of the paper were run again."
    run = runner.finished_run(toy_copy)
    verdict = dict(pair='small-large', split='test', router='ridge', verdict='ROUTE', margin=.01)
    run.csv('verdict', pd.DataFrame([verdict]))
    names = dict(reads='outcomes.parquet', writes='tables/verdict.csv')
    facts = {kind: {name: runner.file_hash(toy_copy/name)} for kind,name in names.items()}
    run.note(stages=read_record(toy_copy)['stages'] | {'11_verdict': facts})
    assert 'Verdict at a margin' in runner.summary(run)
    outcomes = run.read('outcomes')
    run.write('outcomes', outcomes.assign(n_tokens=outcomes.n_tokens+1))
    assert 'Verdict at a margin' not in runner.summary(run)
    message = 'stage 03_execution has not been run, or what it read or wrote has changed since'
    with pytest.raises(InputError, match=message): runner.finished_run(toy_copy)


def test_the_stand_in_tables_are_what_a_toy_run_writes(toy_beyond):
    folder, drawn = package_file('toy/tables'), pd.read_parquet(toy_beyond[0]/'completions.parquet')
    shipped, keys = pd.read_parquet(folder/'completions.parquet'), ['task_id', 'model', 'sample']
    same = (shipped.text==drawn.text).mean()
    assert same>.95 and shipped[keys].equals(drawn[keys]), f'{same:.0%} of the texts are the same: run make fixture'
    if same<1: pytest.skip(f'{same:.1%} of the texts are the same: this processor rounds differently')
    for path in sorted(folder.glob('*.parquet')):
        pd.testing.assert_frame_equal(pd.read_parquet(path), pd.read_parquet(toy_beyond[0]/path.name), rtol=1e-3,
                                      atol=1e-3, obj=f'{path.stem}: run make fixture')


# ---- what kernels print

PARAMETERS = 'profile = "toy"; run_dir = None; pairs = None; seed = 42'
PRINTS = """import logging, os, sys
print('printed by a cell')
os.write(1, b'written to descriptor 1\\n')
os.write(2, b'written to descriptor 2\\n')
print('printed by the process', file=sys.__stderr__, flush=True)
logging.getLogger('tornado.general').error('Uncaught exception in _event_pipe')"""
WRITES = """import pandas as pd
from llmr.runs import open_run
open_run(profile, run_dir, pairs, seed).csv('one', pd.DataFrame(dict(a=[1])))"""


def test_what_a_kernel_prints_goes_to_its_log(tmp_path, monkeypatch, capfd):
    cells = [new_code_cell(source) for source in (PARAMETERS, PRINTS, WRITES)]
    cells[0].metadata.tags = ['parameters']
    kernel = dict(name='python3', display_name='Python 3', language='python')
    nbformat.write(new_notebook(cells=cells, metadata=dict(kernelspec=kernel)), tmp_path/'01_problem.ipynb')
    notebook = runner.stage_notebook
    place = lambda stage: tmp_path/'01_problem.ipynb' if stage=='01_problem' else notebook(stage)
    monkeypatch.setattr(runner, 'stage_notebook', place)
    monkeypatch.setattr(runner, 'STAGES', ('01_problem',))
    monkeypatch.setattr(runner, 'summary', lambda run: 'the summary')
    assert main(['reproduce', '--profile', 'toy', '--out', str(tmp_path/'run')])==0
    out, err = capfd.readouterr()
    assert out=='the summary\n' and [line.split()[0] for line in err.splitlines()]==['01_problem']
    assert 'printed by the process' in (tmp_path/'run'/'kernel.log').read_text()
