"The command: names, exit codes, and that a refused line damages nothing."
import pytest
from conftest import TOY, llmr, table_bytes
from test_sampling import recording, toy_tables, write_toy

from llmr import __version__
from llmr.cli import main, parser, sampling_parameters
from llmr.core import DATA_ENV
from llmr.runs import PROFILES
from llmr.sampling import pack


def test_help_and_version(capsys):
    for arguments in (['--help'], ['reproduce', '--help']):
        with pytest.raises(SystemExit) as e: main(arguments)
        shown = capsys.readouterr().out
        assert e.value.code==0 and all(name in shown for name in PROFILES) and DATA_ENV in shown and 'Exit codes' in shown
    with pytest.raises(SystemExit) as e: main(['--version'])
    assert e.value.code==0 and capsys.readouterr().out.strip()==f'llmr {__version__}'


@pytest.mark.parametrize('arguments,told', [
    (['--profile', 'tiny'], "unknown profile 'tiny'"), (['--profile', 'toy', '--pairs', 'small-D'], "no model 'D'"), (['--pairs', '70B-8B'], 'small first'),
    (['--profile', 'toy', '--param', 'epoch=3'], "unknown parameter 'epoch'; choose from"), (['--profile', 'toy', '--param', 'epochs=many'], 'not of type int'),
    (['--profile', 'sampled'], 'needs a small and a large model. Give --small and --large'), (['--profile', 'sampled', '--small', 'x'], 'half of a pair'),
    (['--profile', 'sampled', '--small', 'x', '--large', 'x'], 'the same twice'), (['--profile', 'toy', '--small', 'x', '--large', 'y'], 'profile toy has its own models'),
    (['--profile', 'sampled', '--completions', 'nowhere.zip'], 'nowhere.zip: not a pack'), (['--small', 'x', '--large', 'y', '--completions', 'z.zip'], 'brings its own models and tasks'),
    (['--profile', 'toy', '--param', 'run_dir=x'], "unknown parameter 'run_dir'"), (['--profile', 'toy', '--seed', '-1'], 'seed -1')])
def test_wrong_names_and_values(arguments, told, tmp_path, capsys):
    assert main(['reproduce', '--out', str(tmp_path/'run'), *arguments])==2
    assert told in capsys.readouterr().err
    assert not (tmp_path/'run').exists(), 'a refused line made a directory'


def test_arguments_that_cannot_be_read(capsys):
    for arguments in ([], ['reproduce', '--seed', 'x'], ['reproduce', '--param', 'epochs'], ['route']):
        with pytest.raises(SystemExit) as e: main(arguments)
        assert e.value.code==2 and capsys.readouterr().err


def test_a_seed_out_of_range_and_a_stop(monkeypatch, capsys):
    for arguments in (['train', 't.jsonl', 'o.jsonl', '--out', 'r'], ['verdict', 'o.jsonl']):
        for seed in ('-1', '4294967296'):
            with pytest.raises(SystemExit) as e: main([*arguments, '--small', 'a', '--large', 'b', '--seed', seed])
            assert e.value.code==2 and f"'{seed}' is not a whole number from 0" in capsys.readouterr().err
    def stopped(*given): raise KeyboardInterrupt
    monkeypatch.setattr('llmr.own_data.read_own', stopped)
    assert main(['train', 't.jsonl', 'o.jsonl', '--out', 'r', '--small', 'a', '--large', 'b'])==130 and 'stopped' in capsys.readouterr().err


def test_exit_code_of_the_process(tmp_path):
    process = llmr('reproduce', '--profile', 'tiny', '--out', tmp_path/'run')
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out)==(2, '') and err.startswith("llmr: unknown profile 'tiny'") and 'Traceback' not in err


def test_a_directory_of_another_profile(toy_copy, capsys):
    before = table_bytes(toy_copy)
    assert main(['reproduce', '--profile', 'shipped', '--out', str(toy_copy)])==2
    assert "of profile 'toy', not 'shipped'" in capsys.readouterr().err
    assert table_bytes(toy_copy)==before and main(['reproduce', *TOY, '--out', str(toy_copy)])==0


@pytest.mark.parametrize('change,told', [
    (lambda lines: lines[:-1], 'model large has no completion of task 240'),
    (lambda lines: [*lines[:-1], lines[-1][:30]], 'large_test.jsonl, line 20: not valid JSON')])
def test_bad_recordings_damage_nothing(toy_copy, tmp_path, capsys, change, told):
    "What else may be wrong with them is in test_sampling."
    (tmp_path/'recordings').mkdir()
    folder, before = write_toy(tmp_path/'recordings'), table_bytes(toy_copy)
    path = folder/'large_test.jsonl'
    path.write_text('\n'.join(change(path.read_text(encoding='utf-8').splitlines())), encoding='utf-8')
    assert main(['reproduce', *TOY, '--out', str(toy_copy), '--param', f'recordings={folder}'])==2
    assert told in capsys.readouterr().err
    assert table_bytes(toy_copy)==before


def test_a_checksum_mismatch(tmp_path, monkeypatch, capsys):
    (tmp_path/'mbpp').mkdir()
    recording(tmp_path/'mbpp'/'mbpp.jsonl', dict(task_id=11), '{"task_id": 12, "te')
    monkeypatch.setenv(DATA_ENV, str(tmp_path))
    assert main(['reproduce', '--profile', 'recorded', '--out', str(tmp_path/'run')])==2
    shown = capsys.readouterr().err
    assert 'checksum mismatch' in shown and 'line 2: not valid JSON' in shown and not list((tmp_path/'run').glob('*.parquet'))


def test_an_encoder_that_cannot_be_loaded(toy_copy, capsys):
    before = table_bytes(toy_copy)
    assert main(['reproduce', *TOY, '--out', str(toy_copy), '--param', 'encoder=no/such-encoder'])==2
    shown = capsys.readouterr().err
    assert "encoder 'no/such-encoder' cannot be loaded" in shown and table_bytes(toy_copy)==before


def test_a_directory_of_other_models(tmp_path, capsys):
    from llmr.runs import open_run
    open_run('sampled', tmp_path, None, 42, ['org/a', 'org/b@main'])
    assert main(['reproduce', '--profile', 'sampled', '--small', 'org/a', '--large', 'org/c', '--out', str(tmp_path)])==2
    assert 'a run directory of the models org/a, org/b@main, not org/a, org/c' in capsys.readouterr().err


def test_an_unknown_model_sampler_and_benchmark(tmp_path, capsys):
    line = ['reproduce', '--profile', 'sampled', '--small', 'no/small', '--large', 'no/large', '--out', str(tmp_path/'run'), '--benchmark', 'toy']
    assert main([*line[:-1], 'nowhere'])==2 and "unknown tasks 'nowhere'" in capsys.readouterr().err
    assert main([*line, '--sampler', 'magic'])==2 and "unknown sampler 'magic'" in capsys.readouterr().err
    assert main(line)==2 and "model 'no/small' cannot be loaded" in capsys.readouterr().err
    assert not (tmp_path/'run'/'completions.parquet').exists()


def test_a_pack_names_its_models_itself(tmp_path):
    (tmp_path/'x.zip').write_bytes(pack(*toy_tables(), {})) # made in Python, with nothing on its card
    assert sampling_parameters(parser().parse_args(['reproduce', '--profile', 'sampled', '--completions', str(tmp_path/'x.zip')]))['models']==['small', 'large']


def test_what_cannot_be_packed(tmp_path, toy_copy, capsys):
    assert main(['pack', str(tmp_path), '--out', str(tmp_path/'x.zip')])==2 and 'run.json: not there' in capsys.readouterr().err
    (tmp_path/'file').touch()
    assert main(['pack', str(toy_copy), '--out', str(tmp_path/'file'/'x.zip')])==2 and 'x.zip: cannot be written' in capsys.readouterr().err
    for command in ('pack', 'report'):
        (toy_copy/'run.json').write_text('{"profile": ')
        assert main([command, str(toy_copy), '--out', str(tmp_path/'x.zip')])==2 and 'run.json: not valid JSON' in capsys.readouterr().err
    assert not (tmp_path/'x.zip').exists()
