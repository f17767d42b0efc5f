"The stage notebooks by the command at toy size: what a run holds, and what a kill does to it."
import json
import re
import signal
import time
import xml.etree.ElementTree as ElementTree

import matplotlib.image
import pandas as pd
import pytest
from conftest import TOY, llmr, table_bytes, undo
from filelock import FileLock

from llmr import pipeline
from llmr.cli import main
from llmr.core import Store
from llmr.pipeline import BEYOND, STAGES, run_stage
from llmr.runs import open_run

STAGE_LINE = re.compile(r'(\w+) +[\d.]+ s')
FIGURES = ('figure1_system', 'figure2a_win_rates_standard', 'figure2b_win_rates_brevity', 'figure3_deferral',
           'figure4_thresholds')


def record(folder): return json.loads((folder/'run.json').read_text())


def test_tables_have_the_papers_columns(toy_run):
    folder, _, _ = toy_run
    table1, figure4 = (pd.read_csv(folder/'tables'/f'{name}.csv') for name in ('table1', 'figure4'))
    assert ','.join(table1)=='pair,0,20,40,60,80,100,sd0,sd20,sd40,sd60,sd80,sd100' and len(table1)==1
    assert ','.join(figure4)=='quality,pair,target_cost_advantage,performance_gap,actual_cost_advantage'
    assert len(figure4)==8 and (folder/'tables'/'audit.csv').exists()


@pytest.mark.parametrize('name', FIGURES)
def test_figures_are_not_empty(toy_run, name):
    png, svg = (toy_run[0]/'figures'/f'{name}.{kind}' for kind in ('png', 'svg'))
    picture = matplotlib.image.imread(png)[..., :3]
    assert min(picture.shape[:2])>200 and (picture.min(axis=2)<.9).mean()>.01
    texts = [element for element in ElementTree.parse(svg).iter() if element.tag.endswith('}text')]
    assert len(texts)>3, 'text became outlines'


@pytest.mark.parametrize('stage', STAGES+BEYOND)
def test_every_stage_is_recorded(toy_beyond, stage):
    facts = record(toy_beyond[0])['stages'][stage]
    assert facts['writes'] and facts['seconds']>0 and len(facts['fingerprint'])==64
    cells = json.loads((toy_beyond[0]/'nbs'/f'{stage}.ipynb').read_text(encoding='utf-8'))['cells']
    outputs = [output['output_type'] for cell in cells for output in cell.get('outputs', ())]
    assert outputs and 'error' not in outputs


def test_a_run_is_recorded(toy_beyond, toy_run):
    facts = record(toy_beyond[0])
    assert (facts['profile'], facts['seed'], facts['pairs'])==('toy', 42, ['small-large'])
    assert facts['versions']['torch']
    assert set(facts['stages'])==set(STAGES+BEYOND) and set(record(toy_run[0])['stages'])==set(STAGES)


def test_what_the_command_prints(toy_beyond):
    "One line a stage on standard error, whatever the stages' kernels print."
    folder, out, err = toy_beyond
    assert [STAGE_LINE.fullmatch(line)[1] for line in err.splitlines()]==[*STAGES, *BEYOND] and '\r' not in err
    assert max(map(len, out.splitlines()))<=max(100, len(f'notebooks {folder}/figures'))
    for expected in ('Table 1', 'small-large', 'Gain over random', 'head-strict', 'Verdict at a margin',
                     str(folder/'tables'), str(folder/'figures')): assert expected in out


def test_a_finished_run_is_not_run_again(toy_copy, capsys):
    assert main(['reproduce', *TOY, '--out', str(toy_copy)])==0
    assert capsys.readouterr().err.count('done already')==len(STAGES)


def test_only_what_lacks_its_output_is_run_again(toy_copy, capsys):
    before = table_bytes(toy_copy)
    (toy_copy/'gains.parquet').unlink()
    (toy_copy/'tables'/'score_bands.csv').write_text('spoilt')
    assert main(['reproduce', *TOY, '--out', str(toy_copy)])==0
    again = [line.split()[0] for line in capsys.readouterr().err.splitlines() if 'done already' not in line]
    assert again==['06_evaluation', '07_analysis'] and table_bytes(toy_copy)==before


def test_two_runs_in_one_directory(toy_copy, capsys):
    with FileLock(toy_copy/'.lock'): assert main(['reproduce', *TOY, '--out', str(toy_copy)])==2
    assert 'another llmr is running here' in capsys.readouterr().err


def wait_for_training(folder, process, seconds=300):
    "Until the router stage has trained a head and is not done. False if that moment was missed."
    end = time.monotonic()+seconds
    while time.monotonic()<end and process.poll() is None:
        try: stages, state = record(folder)['stages'], json.loads((folder/'progress.json').read_text())
        except (OSError, ValueError): stages, state = {}, {}
        if '05_router' in stages: return False
        if '04_labels' in stages and state.get('label')=='heads' and state['done']>=1: return True
        time.sleep(.01)
    return False


def test_a_run_killed_in_training_resumes_to_the_same_tables(toy_run, toy_copy):
    "It starts where stage 04 is done, so that training comes at once."
    for _ in range(3):
        undo(toy_copy, [stage for stage in STAGES[4:] if stage in record(toy_copy)['stages']])
        (toy_copy/'progress.json').unlink(missing_ok=True)
        process = llmr('reproduce', *TOY, '--out', toy_copy)
        caught = wait_for_training(toy_copy, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if caught: break
    assert caught, 'the run was never caught in training'
    assert '05_router' not in record(toy_copy)['stages'] and not (toy_copy/'gains.parquet').exists()
    run_stage(open_run('toy', toy_copy), '05_router', dict(profile='toy', pairs=['small-large'], seed=42))
    again = table_bytes(toy_copy)
    assert list(record(toy_copy)['stages'])==list(STAGES[:4]) and {'scores.parquet', 'losses.parquet'}<=set(again)
    assert again.items()<=table_bytes(toy_run[0]).items()


def test_a_pack_replays_the_same_completions(toy_run, toy_copy, tmp_path, monkeypatch):
    "As far as stage 04: what follows is computed from these tables."
    pack, replayed = tmp_path/'toy.zip', tmp_path/'replayed'
    assert main(['pack', str(toy_copy), '--out', str(pack)])==0
    monkeypatch.setattr(pipeline, 'STAGES', STAGES[:4])
    monkeypatch.setattr(pipeline, 'summary', lambda run: '')
    assert main(['reproduce', '--profile', 'sampled', '--completions', str(pack), '--out', str(replayed)])==0
    again, first = table_bytes(replayed), table_bytes(toy_run[0])
    assert {'tasks.parquet', 'completions.parquet', 'outcomes.parquet', 'labels.parquet'}<=set(again)
    assert [name for name in again if again[name]!=first.get(name)]==[]


def test_what_sampling_leaves_in_the_record(toy_run):
    facts, drawn = record(toy_run[0])['sampling'], pd.read_parquet(toy_run[0]/'sampled.parquet')
    completions = pd.read_parquet(toy_run[0]/'completions.parquet')
    assert list(facts)==['large', 'small'] and len(drawn)==len(completions)==2*(200+20+20)
    assert set(drawn.template)=={'chat'}
    for name,rows in completions.groupby('model'):
        assert facts[name]['new_tokens']==rows.n_tokens.sum() and facts[name]['completions']==240
        assert facts[name]['settings']['temperature']==.7 and len(facts[name]['revision'])==16
        assert facts[name]['revision']==drawn.revision[drawn.model==name].iloc[0]
    assert completions[completions.model=='small'].groupby('task_id').text.nunique().max()>3


def forget_completions(path, kept):
    "Leave only the first completions in a run's store."
    with Store(path) as store, store.db:
        first = 'select rowid from store order by rowid limit ?'
        store.db.execute(f'delete from store where rowid not in ({first})', [kept])


def test_a_run_killed_while_sampling_resumes(toy_run, toy_copy):
    "It starts with 300 of 480 completions, all of the large model among them, and is killed after some of the others."
    folder, path = toy_copy, toy_copy/'samples'/'completions.sqlite'
    def saved():
        "How many completions there are."
        with Store(path) as store: return len(store)
    undo(folder, [stage for stage in STAGES[1:] if stage in record(folder)['stages']])
    forget_completions(path, 300)
    process = llmr('reproduce', *TOY, '--out', folder)
    while process.poll() is None and saved()<320: time.sleep(.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = saved()
    assert 320<=kept<480 and not (folder/'completions.parquet').exists()
    time.sleep(2) # the notebook's own process notices that its parent is gone
    run = open_run('toy', folder)
    run_stage(run, '02_sampling', dict(profile='toy', pairs=['small-large'], seed=42))
    assert (folder/'completions.parquet').read_bytes()==(toy_run[0]/'completions.parquet').read_bytes()
