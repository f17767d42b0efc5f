"The command: names, exit codes, and that a refused line damages nothing."
import pytest
from conftest import TOY, llmr, table_bytes
from test_sampling import recording, toy_tables, write_toy

from llmr import __version__
from llmr.cli import main, parser, sampling_parameters
from llmr.core import DATA_ENV
from llmr.runs import PROFILES, open_run
from llmr.sampling import pack


def test_help_and_version(capsys):
    for arguments in (['--help'], ['reproduce', '--help']):
        with pytest.raises(SystemExit) as e: main(arguments)
        shown = capsys.readouterr().out
        assert e.value.code==0 and DATA_ENV in shown and 'Exit codes' in shown
        assert '{' not in shown.replace('engine={...}', ''), 'a name was not filled in'
        assert all(name in shown for name in PROFILES)
    with pytest.raises(SystemExit) as e: main(['--version'])
    assert e.value.code==0 and capsys.readouterr().out.strip()==f'llmr {__version__}'


PAIR = ['--profile', 'sampled', '--small', 'x', '--large']


@pytest.mark.parametrize('arguments,message', [
    (['--profile', 'tiny'], "unknown profile 'tiny'"),
    (['--profile', 'toy', '--pairs', 'small-D'], "no model 'D'"),
    (['--pairs', '70B-8B'], 'small first'),
    (['--profile', 'toy', '--param', 'epoch=3'], "unknown parameter 'epoch'; choose from"),
    (['--profile', 'toy', '--param', 'epochs=many'], 'not of type int'),
    (['--profile', 'sampled'], 'needs a small and a large model. Give --small and --large'),
    (PAIR[:-1], 'half of a pair'),
    ([*PAIR, 'x'], 'the same twice'),
    (['--profile', 'toy', *PAIR[2:], 'y'], 'profile toy has its own models'),
    (['--profile', 'sampled', '--completions', 'nowhere.zip'], 'nowhere.zip: not a pack'),
    ([*PAIR[2:], 'y', '--completions', 'z.zip'], 'brings its own models and tasks'),
    (['--profile', 'toy', '--param', 'run_dir=x'], "unknown parameter 'run_dir'"),
    (['--profile', 'toy', '--seed', '-1'], 'seed -1')])
def test_wrong_names_and_values(arguments, message, tmp_path, capsys):
    assert main(['reproduce', '--out', str(tmp_path/'run'), *arguments])==2
    assert message in capsys.readouterr().err
    assert not (tmp_path/'run').exists(), 'a refused line made a directory'


def test_arguments_that_cannot_be_read(capsys):
    for arguments in ([], ['reproduce', '--seed', 'x'], ['reproduce', '--param', 'epochs'], ['pack']):
        with pytest.raises(SystemExit) as e: main(arguments)
        assert e.value.code==2 and capsys.readouterr().err


@pytest.mark.parametrize('text,value', [('2%', .02), ('0.02', .02), ('2e-2', .02)])
def test_a_margin_may_be_in_percent(text, value):
    assert parser().parse_args(['verdict', 'o.csv', '--margin', text]).margin==pytest.approx(value)


@pytest.mark.parametrize('text', ['2x', '%', 'nan', 'inf%'])
def test_a_margin_that_is_no_number(text, capsys):
    with pytest.raises(SystemExit): main(['verdict', 'o.csv', '--margin', text])
    assert f"'{text}' is not a finite number, such as 0.02 or 2%\n" in capsys.readouterr().err


def test_a_seed_out_of_range_and_a_stop(monkeypatch, capsys):
    pair = ['--small', 'a', '--large', 'b']
    for arguments in (['train', 't.jsonl', 'o.jsonl', '--out', 'r'], ['verdict', 'o.jsonl']):
        for seed in ('-1', '4294967296'):
            with pytest.raises(SystemExit) as e: main([*arguments, *pair, '--seed', seed])
            assert e.value.code==2 and f"'{seed}' is not a whole number from 0" in capsys.readouterr().err
    def stop(*_): raise KeyboardInterrupt
    monkeypatch.setattr('llmr.training.read_frame', stop)
    assert main(['train', 't.jsonl', 'o.jsonl', '--out', 'r', *pair])==130
    assert 'stopped' in capsys.readouterr().err


def test_exit_code_of_the_process(tmp_path):
    process = llmr('reproduce', '--profile', 'tiny', '--out', tmp_path/'run')
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out)==(2, '') and err.startswith("llmr: unknown profile 'tiny'")
    assert 'Traceback' not in err


def test_a_directory_of_another_profile(toy_copy, capsys):
    before = table_bytes(toy_copy)
    assert main(['reproduce', '--profile', 'shipped', '--out', str(toy_copy)])==2
    assert "of profile 'toy', not 'shipped'" in capsys.readouterr().err
    assert table_bytes(toy_copy)==before and main(['reproduce', *TOY, '--out', str(toy_copy)])==0


@pytest.mark.parametrize('change,message', [
    (lambda lines: lines[:-1], 'model large has no completion of task 240'),
    (lambda lines: [*lines[:-1], lines[-1][:30]], 'large_test.jsonl, line 20: not valid JSON')])
def test_bad_recordings_damage_nothing(toy_copy, tmp_path, capsys, change, message):
    "What else may be wrong with them is in test_sampling."
    (tmp_path/'recordings').mkdir()
    folder, before = write_toy(tmp_path/'recordings'), table_bytes(toy_copy)
    path = folder/'large_test.jsonl'
    path.write_text('\n'.join(change(path.read_text(encoding='utf-8').splitlines())), encoding='utf-8')
    assert main(['reproduce', *TOY, '--out', str(toy_copy), '--param', f'recordings={folder}'])==2
    assert message in capsys.readouterr().err
    assert table_bytes(toy_copy)==before


def test_a_checksum_mismatch(tmp_path, monkeypatch, capsys):
    (tmp_path/'mbpp').mkdir()
    recording(tmp_path/'mbpp'/'mbpp.jsonl', dict(task_id=11), '{"task_id": 12, "te')
    monkeypatch.setenv(DATA_ENV, str(tmp_path))
    assert main(['reproduce', '--profile', 'recorded', '--out', str(tmp_path/'run')])==2
    shown = capsys.readouterr().err
    assert 'checksum mismatch' in shown and 'line 2: not valid JSON' in shown
    assert not list((tmp_path/'run').glob('*.parquet'))


def test_an_encoder_that_cannot_be_loaded(toy_copy, capsys):
    before = table_bytes(toy_copy)
    assert main(['reproduce', *TOY, '--out', str(toy_copy), '--param', 'encoder=no/such-encoder'])==2
    shown = capsys.readouterr().err
    assert "encoder 'no/such-encoder' cannot be loaded" in shown and table_bytes(toy_copy)==before


def test_a_directory_of_other_models(tmp_path, capsys):
    open_run('sampled', tmp_path, None, 42, ['org/a', 'org/b@main'])
    pair = ['--small', 'org/a', '--large', 'org/c']
    assert main(['reproduce', '--profile', 'sampled', *pair, '--out', str(tmp_path)])==2
    assert 'a run directory of the models org/a, org/b@main, not org/a, org/c' in capsys.readouterr().err


def test_an_unknown_model_sampler_and_benchmark(tmp_path, capsys):
    pair = ['--small', 'no/small', '--large', 'no/large']
    line = ['reproduce', '--profile', 'sampled', *pair, '--out', str(tmp_path/'run'), '--benchmark', 'toy']
    assert main([*line[:-1], 'nowhere'])==2 and "unknown tasks 'nowhere'" in capsys.readouterr().err
    assert main([*line, '--sampler', 'magic'])==2 and "unknown sampler 'magic'" in capsys.readouterr().err
    assert main(line)==2 and "model 'no/small' cannot be loaded" in capsys.readouterr().err
    assert not (tmp_path/'run'/'completions.parquet').exists()


def test_a_pack_names_its_models_itself(tmp_path):
    (tmp_path/'x.zip').write_bytes(pack(*toy_tables(), {})) # made in Python, with nothing on its card
    line = ['reproduce', '--profile', 'sampled', '--completions', str(tmp_path/'x.zip')]
    assert sampling_parameters(parser().parse_args(line))['models']==['small', 'large']


def test_what_cannot_be_packed(tmp_path, toy_copy, capsys):
    def refused(command, run, out):
        "What the command says when it refuses."
        assert main([command, str(run), '--out', str(out)])==2
        return capsys.readouterr().err
    assert 'run.json: not there' in refused('pack', tmp_path, tmp_path/'x.zip')
    (tmp_path/'file').touch()
    assert 'x.zip: cannot be written' in refused('pack', toy_copy, tmp_path/'file'/'x.zip')
    (toy_copy/'run.json').write_text('{"profile": ')
    for command in ('pack', 'report'): assert 'run.json: not valid JSON' in refused(command, toy_copy, tmp_path/'x.zip')
    assert not (tmp_path/'x.zip').exists()
