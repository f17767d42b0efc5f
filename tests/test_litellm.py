"""The plugin in litellm itself, which has an environment of its own: LLMR_LITELLM names its Python.

    python -m venv .venv-litellm && .venv-litellm/bin/pip install 'litellm[proxy]==1.108.7'
    LLMR_LITELLM=.venv-litellm/bin/python python -m pytest tests/test_litellm.py
"""
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from serve_stubs import two_stubs
from small_router import save_router

ROOT = Path(__file__).resolve().parent.parent
PYTHON = os.environ.get('LLMR_LITELLM')
pytestmark = pytest.mark.skipif(not PYTHON, reason='LLMR_LITELLM names no Python with litellm')
KEY = 'sk-only-for-this-test-4f7a2c9e1b'
FILE = '''import os, sys
sys.path += os.environ['LLMR_PATHS'].split(os.pathsep) # behind litellm's own packages
from llmr.litellm import Plugin
plugin = Plugin(os.environ['LLMR_ROUTER'], small='openai/A', large='openai/B', share=.5)
'''


def deployment(model, url): return dict(model_name='llmr', litellm_params=dict(model=f'openai/{model}', api_key='x',
                                                                              api_base=url.rpartition('/')[0]))


def test_the_proxy_asks_whom_the_plugin_leaves(tmp_path):
    "The configuration of the notebook: two deployments of one group, and the plugin in a file beside it."
    (tmp_path/'llmr_plugin.py').write_text(FILE)
    with socket.create_server(('127.0.0.1', 0)) as free: port = free.getsockname()[1]
    with two_stubs() as stubs:
        config = dict(model_list=[deployment(model, url) for model,url in zip('AB', stubs.urls)],
                      router_settings=dict(plugins=['llmr_plugin.plugin']))
        (tmp_path/'config.yaml').write_text(json.dumps(config))
        environ = os.environ | dict(LLMR_ROUTER=str(save_router(tmp_path/'router')), PYTHONPATH='',
                                    LITELLM_MASTER_KEY=KEY,
                                    LLMR_PATHS=os.pathsep.join([str(ROOT), *filter(None, sys.path)]))
        command = [Path(PYTHON).absolute().parent/'litellm', '--config', 'config.yaml', '--port', str(port), '--host',
                   '127.0.0.1']
        with open(tmp_path/'log', 'w') as log:
            process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=log, stderr=log)
        try:
            for text,asked in (('add two numbers 7', stubs.small), ('parse brackets 8', stubs.large))*3:
                n = len(asked.asked)
                assert post(process, port, text)==200, (tmp_path/'log').read_text()[-2000:]
                assert len(asked.asked)==n+1
        finally:
            process.terminate()
            process.wait(20)


def post(process, port, text, seconds=60):
    "Status of a request, once the proxy listens."
    body = json.dumps(dict(model='llmr', messages=[dict(role='user', content=text)]))
    end = time.monotonic()+seconds
    while True:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        try:
            named = {'content-type': 'application/json', 'authorization': f'Bearer {KEY}'}
            connection.request('POST', '/v1/chat/completions', body, named)
            return connection.getresponse().status
        except ConnectionError:
            if time.monotonic()>end or process.poll() is not None: return None
            time.sleep(.3)
        finally: connection.close()
