"What is wrong is said before the port is opened; what is right serves until it is told to stop."
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest
from serve_stubs import listen, two_stubs
from small_router import save_router

from llmr import cli
from llmr.gateway import Options
from llmr.request_log import read_lines
from llmr.router import Router
from llmr.serve import make_service

SMALL, LARGE = 'http://127.0.0.1:1/v1/A', 'http://127.0.0.1:1/v1/B'


@pytest.fixture(scope='module')
def router(tmp_path_factory): return save_router(tmp_path_factory.mktemp('start')/'router')


@pytest.fixture
def stubs():
    with two_stubs() as found: yield found


@pytest.mark.parametrize('more,message', [
    (['--share', '1.2'], '--share 1.2: must lie from 0 to 1'), ([], 'nothing is certified, so give --share SHARE'),
    (['--tau', '.5', '--host', '0.0.0.0'], '--host 0.0.0.0 is reached from elsewhere: set LLMR_API_KEY'),
    (['--tau', '.5', '--shadow', '5'], '--shadow 5: must lie from 0 to 1'),
    (['--tau', '.5', '--budget', '.3'], '--budget goes with --verify'),
    (['--tau', '.5', '--verify', '--budget', '.3'], 'not the directory of a budgeted cascade'),
    (['--tau', '.5', '--small', 'C=http://h/v1/A'], "trained for 'A'. Serve that model, or say that it is the same"),
    (['--tau', '.5', '--small', 'http://h/v1/B'], "--small serves 'B', and the router was trained for 'A'"),
    (['--tau', '.5', '--small', 'A'], "--small 'A': give URL/NAME"),
    (['--tau', '.5', '--router', '/nowhere'], '/nowhere: no such folder'),
    (['--tau', '.5', '--name', 'a b'], "--name 'a b': a name without spaces")])
def test_what_is_wrong_is_said_at_once(router, capsys, monkeypatch, more, message):
    monkeypatch.delenv('LLMR_API_KEY', raising=False)
    command = ['serve', '--router', str(router), '--small', SMALL, '--large', LARGE, *more]
    assert cli.main(command)==2 and message in capsys.readouterr().err


@pytest.mark.parametrize('more', [
    ['--price', 'A=1'], ['--price', 'small=x'], ['--tau', 'nan'], ['--port', '-1'], ['--tries', '0'],
    ['--total', 'inf'], ['--share', '.5', '--tau', '.5'], ['--unfamiliar', 'x'], ['--most-at-once', '1.5']])
def test_options_that_cannot_be(more, capsys):
    with pytest.raises(SystemExit): cli.main(['serve', '--router', 'r', '--small', SMALL, '--large', LARGE, *more])
    assert 'usage: llmr serve' in capsys.readouterr().err


def test_a_port_in_use_and_a_damaged_router(router, tmp_path, capsys):
    command = ['serve', '--small', SMALL, '--large', LARGE, '--tau', '.5']
    with listen('127.0.0.1', 0) as place:
        port = str(place.getsockname()[1])
        assert cli.main([*command, '--router', str(router), '--port', port])==2
        assert f'127.0.0.1, port {port}: cannot listen there' in capsys.readouterr().err
    for name in ('router.json', 'head.safetensors'): (tmp_path/name).write_bytes((router/name).read_bytes()[:-9])
    assert cli.main([*command, '--router', str(tmp_path)])==2 and 'not a router directory' in capsys.readouterr().err


def test_a_folder_of_several_pairs(router, tmp_path, capsys):
    """The pair is chosen by the names of the models, and its own folder is where a withdrawn certificate is looked for.
    Pieces are sent at once only on a socket of TCP."""
    for large in 'BC':
        made = Router.load(router)
        made.card |= dict(large=large, pair=f'A-{large}')
        made.save(tmp_path/f'A-{large}')
    service = make_service(tmp_path, SMALL, LARGE.replace('/B', '/C'), None, Options(tau=.5))
    assert service.names==dict(small='A', large='C') and service.decider.folder==tmp_path/'A-C'
    service.decider.scorer.close()
    command = ['serve', '--router', str(tmp_path), '--small', SMALL, '--tau', '.5']
    assert cli.main([*command, '--large', LARGE.replace('/B', '/D')])==2
    assert 'choose from --small A --large B; --small A --large C' in capsys.readouterr().err
    with listen('127.0.0.1', 0) as place: assert place.proto==socket.IPPROTO_TCP


def test_servers_of_another_kind(router, stubs, capsys, monkeypatch):
    command = ['serve', '--router', str(router), '--tau', '.5', '--port', '0', '--large', stubs.urls[1]]
    elsewhere = stubs.urls[0].replace('/v1/', '/v2/')
    assert cli.main([*command, '--small', elsewhere])==2
    shown = capsys.readouterr().err
    assert '/v2: no OpenAI server (status 404 for' in shown and 'up to and including /v1' in shown


def test_a_service_from_start_to_end(router, stubs, tmp_path):
    "A stream that is under way when the service is told to stop is answered to its end."
    stubs.large.delay = .2
    command = [sys.executable, '-m', 'llmr.cli', 'serve', '--router', str(router), '--share', '.5', '--port', '0',
               '--small', stubs.urls[0], '--large', stubs.urls[1], '--log', str(tmp_path/'log')]
    environ = os.environ | dict(LLMR_SMALL_KEY='small-secret', LLMR_API_KEY='own-secret')
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        said = process.stderr.readline()
        assert re.match(r'llmr: llmr at http://127.0.0.1:\d+/v1: scores of .* or more, about 50% to A\n', said), said
        connection = http.client.HTTPConnection('127.0.0.1', int(re.search(r':(\d+)/', said)[1]), timeout=20)
        allowed = {'authorization': 'Bearer own-secret'}
        ask = lambda text, **more: connection.request('POST', '/v1/chat/completions', json.dumps(
            dict(model='llmr', messages=[dict(role='user', content=text)], **more)), allowed)
        ask('add two numbers 3')
        response = connection.getresponse()
        assert response.headers['x-llmr-model']=='A' and json.loads(response.read())['model']=='A'
        assert stubs.small.asked[0][1]['Authorization']=='Bearer small-secret'
        ask('parse brackets 4', stream=True)
        response = connection.getresponse()
        process.send_signal(signal.SIGTERM)
        assert response.read().endswith(b'data: [DONE]\n\n') and process.wait()==0
        assert 'secret' not in process.stderr.read()
        watchdog.cancel()
    assert [row['model'] for row in read_lines(tmp_path/'log'/'decisions')]==['A', 'B']
    assert 'secret' not in (tmp_path/'log'/'decisions'/'00000001.jsonl').read_text()
