"Routing: which router, which threshold, and prompts as a stream."
import gzip
import io
import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from small_router import save_router

from llmr import cli
from llmr.core import InputError
from llmr.router import Router
from llmr.routing import (
    Prompt, choose_threshold, given_prompts, load_router, read_prompts, route_lines, route_stream)


@pytest.fixture(scope='module')
def router(tmp_path_factory):
    "A router directory: `add` goes to A. Not to be written to."
    return save_router(tmp_path_factory.mktemp('routing')/'router')


def answers(out): return [json.loads(line) for line in out.splitlines()]
def stream(text): return io.BufferedReader(io.BytesIO(text if isinstance(text, bytes) else text.encode()))
def prompts(text): return [prompt for batch in read_prompts(stream(text), 'in') for prompt in batch]


def test_any_share_and_a_decision_a_prompt(router, capsys):
    asked = ['add two numbers 3', 'parse brackets 4']
    assert cli.main(['route', '--router', str(router), '--share', '.48', *asked])==0
    found = answers(capsys.readouterr().out)
    assert [answer['model'] for answer in found]==['AB'[answer['score']<answer['tau']] for answer in found]
    together = route_lines(router, asked, share=.48) # sums in another order: the last digits differ
    assert [one['score'] for one in found]==pytest.approx([one['score'] for one in together], abs=1e-6)
    assert found[0]['score']>found[1]['score'] and found[0]['tau']==together[0]['tau']
    assert cli.main(['route', str(router), '--target', '.48', *asked])==0 and answers(capsys.readouterr().out)==found
    calibration = Router.load(router).calibration
    assert (calibration>=found[0]['tau']).mean()==pytest.approx(.48, abs=1/60)


@pytest.mark.parametrize('more,message', [
    ([], 'which prompts should A answer? For this router nothing is certified, so give --share SHARE (any from'),
    (['--share', '1.2'], '--share 1.2: must lie from 0 to 1'),
    (['--share', '.4', '@nowhere.txt'], 'nowhere.txt: cannot be read'),
    (['--share', '.4', '--small', 'C'], 'no router of that pair; choose from --small A --large B')])
def test_what_is_refused(router, capsys, more, message):
    assert cli.main(['route', str(router), *more, 'x'])==2
    shown = capsys.readouterr()
    assert message in shown.err and not shown.out


def test_a_command_without_a_router(capsys):
    assert cli.main(['route'])==2 and 'llmr route DIR --share' in capsys.readouterr().err


@pytest.mark.parametrize('tau', ['nan', 'inf', 'x'])
def test_a_threshold_is_a_finite_number(router, capsys, tau):
    with pytest.raises(SystemExit): cli.main(['route', str(router), '--tau', tau, 'x'])
    assert f"'{tau}' is not a finite number" in capsys.readouterr().err


def test_an_older_router_has_its_shares_alone(router, tmp_path, capsys):
    made = Router.load(router)
    made.calibration, made.card['thresholds'] = None, {'0.2': .1}
    made.save(tmp_path)
    assert cli.main(['route', str(tmp_path), '--target', '.20', 'x'])==0
    assert cli.main(['route', str(tmp_path), '--target', '.55', 'x'])==2
    assert 'not calibrated for a share of 0.55; choose from 0.2, give --tau' in capsys.readouterr().err


@pytest.mark.parametrize('text,expected', [
    ('a\r\n\n  b\n', [('a', 1), ('  b', 3)]), ('\ufeffa', [('a', 1)]),
    ('{x} is a set\n{"text": 1}', [('{x} is a set', 1), ('{"text": 1}', 2)]),
    ('{"prompt": "a\\nb"}\n"c"\n', [('a\nb', 1), ('c', 2)]), ('', []), ('\n\n', []),
    (json.dumps(dict(custom_id=1, body=dict(messages=[dict(role='user', content=[dict(text='q')])]))), [('q', 1)]),
    ('x'*200_000+'\ny', [('x'*200_000, 1), ('y', 2)])])
def test_prompts_of_any_form(text, expected): assert [(prompt.text, prompt.line) for prompt in prompts(text)]==expected


@pytest.mark.parametrize('text,message', [
    ('{"prompt": "a"}\nplain', 'in, line 2: text, and the lines above are JSON. Write all prompts as JSON lines'),
    ('plain\n{"prompt": "a"}', 'in, line 2: JSON, and the lines above are text'),
    ('[\n{"prompt": "a"}]', 'in, line 1: JSON, but no line that is whole'),
    ('[{"prompt": "a"}]', 'line 1: JSON, but no'), ('{\n"prompt": "a"}', 'line 1: JSON, but no'),
    ('{"q": 1}', 'in, line 1: no prompt. It has q'), (b'a\n\xff\xfe', 'in, line 2: not UTF-8'),
    ('{"messages": [{"role": "system", "content": "a"}]}', 'no message of the user'),
    ('{"messages": [{"role": "user"}]}', 'a message without text')])
def test_prompts_that_cannot_be_read(text, message):
    with pytest.raises(InputError, match=message): prompts(text)


@pytest.mark.parametrize('share,model', [(0, 'B'), (1, 'A')])
def test_none_and_all_hold_for_prompts_unlike_those_of_calibration(router, share, model):
    made = load_router(router)
    assert made.calibration.min()<made.calibration.max()
    made.estimator.score = lambda views: np.array([-9., 0., 9.])
    answers, = route_stream(made, choose_threshold(made, None, share), [[Prompt(text) for text in 'abc']])
    assert [answer['model'] for answer in answers]==[model]*3


def test_what_came_before_a_wrong_line_is_answered(router, monkeypatch, capsys):
    monkeypatch.setattr('sys.stdin', io.TextIOWrapper(stream('{"prompt": "a", "id": 7}\nwrong')))
    assert cli.main(['route', str(router), '--share', '.5'])==2
    shown = capsys.readouterr()
    assert [(answer['line'], answer['id']) for answer in answers(shown.out)]==[(1, 7)] and 'line 2' in shown.err


def test_files_and_texts_mix(tmp_path):
    (tmp_path/'p.gz').write_bytes(gzip.compress(b'b\nc'))
    found = [prompt.text for batch in given_prompts(['a', f'@{tmp_path/"p.gz"}', 'd']) for prompt in batch]
    assert found==['a', 'b', 'c', 'd']
    (tmp_path/'cut.gz').write_bytes((tmp_path/'p.gz').read_bytes()[:-9])
    with pytest.raises(InputError, match='cut.gz: cannot be read'): list(given_prompts([f'@{tmp_path/"cut.gz"}']))


def test_an_answer_comes_before_the_next_prompt(router):
    command = [sys.executable, '-m', 'llmr.cli', 'route', str(router), '--share', '.5']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        for number in (1, 2):
            process.stdin.write(b'add two numbers\n')
            process.stdin.flush()
            assert json.loads(process.stdout.readline())['line']==number
        process.stdin.close()
        assert process.wait()==0
        watchdog.cancel()


def test_whoever_reads_no_further_breaks_nothing(router):
    command = f'yes "add two numbers" | {sys.executable} -m llmr.cli route {router} --share .5 | head -2'
    done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, timeout=120)
    assert len(done.stdout.splitlines())==2 and not done.stderr


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match='nosuch: no such folder. Give one that `llmr train --out` wrote'):
        load_router(tmp_path/'nosuch')
