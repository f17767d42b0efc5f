"""What `llmr serve` adds to a request, beside its upstream alone and beside litellm's proxy; and a soak with faults.

    python benchmarks/serve.py                                      overhead, with a MiniLM router
    LLMR_LITELLM=.venv-litellm/bin/python python benchmarks/serve.py   litellm's proxy too (an environment of its own)
    python benchmarks/serve.py --soak 50000                         64 clients, 1% faults: memory, the log

Every process runs on this machine, so they share its cores; compare numbers of one run only. `cpu ms` is what a
server itself computes for a request, which depends least on what else runs. Each prompt is new, so that no score is
remembered.
"""
import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from llmr.estimators import fit_estimator
from llmr.features import prompt_views
from llmr.request_log import read_lines
from llmr.router import Router

KEY = 'sk-only-for-this-benchmark-4f7a2c9e1b'
ANSWER = json.dumps(dict(id='x', object='chat.completion', created=0, model='A', usage=dict(
    prompt_tokens=50, completion_tokens=200, total_tokens=250), choices=[dict(
        index=0, finish_reason='stop', message=dict(role='assistant', content='x = 1\n'*150))])).encode()


def run_upstream(port, faults):
    "A server that answers at once, but for a share of faults."
    async def post(request):
        "The same answer."
        await request.read()
        fault = random.random()
        if fault<faults/3: return web.Response(status=503)
        if fault<2*faults/3: return request.transport.close()
        if fault<faults: await asyncio.sleep(3)
        return web.Response(body=ANSWER, content_type='application/json')
    async def models(request):
        "What there is."
        return web.json_response(dict(data=[dict(id='A'), dict(id='B')]))
    app = web.Application()
    app.router.add_post('/v1/chat/completions', post)
    app.router.add_get('/v1/models', models)
    web.run_app(app, host='127.0.0.1', port=port, print=None, access_log=None)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as place: return place.getsockname()[1]


def save_router(folder, encoder):
    "A router on made-up prompts; what it scores does not matter here."
    texts = [f'{word} of a list, number {i}' for i,word in enumerate(['add the numbers', 'parse the brackets']*30)]
    gaps = np.array([1., 0.]*30)
    views = prompt_views(texts, encoder, ('prompt',))
    fitted = fit_estimator('ridge', views, gaps, 1-gaps)
    router = Router(fitted, encoder, dict(small='A', large='B', widths=dict(prompt=views['prompt'].shape[1])))
    router.calibration = fitted.score(views)
    router.save(folder)


def start(command, port, folder, environ=()):
    "A server process, once it listens."
    log = open(Path(folder)/f'{port}.log', 'w')
    process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd=folder,
                               env=os.environ | dict(environ))
    end = time.monotonic()+300
    while time.monotonic()<end and process.poll() is None:
        try: socket.create_connection(('127.0.0.1', port), 1).close()
        except OSError: time.sleep(.2)
        else: return process
    process.kill()
    sys.exit(f'{command[:4]} did not start; see {log.name}')


def serve(folder, encoder, up, *more):
    "`llmr serve` before an upstream. Returns `(process, port)`."
    port, at = free_port(), f'http://127.0.0.1:{up}/v1'
    save_router(Path(folder)/encoder, encoder)
    command = [sys.executable, '-m', 'llmr.cli', 'serve', '--router', Path(folder)/encoder, '--small', f'{at}/A',
               '--large', f'{at}/B', '--share', '.5', '--port', port, '--log', Path(folder)/f'log-{encoder}', *more]
    return start(command, port, folder), port


def litellm(folder, up):
    "litellm's proxy before the same upstream, without a router of its own. Returns `(process, port)`."
    port, python = free_port(), Path(os.environ['LLMR_LITELLM']).absolute()
    models = [dict(model_name='llmr', litellm_params=dict(model='openai/A', api_key='x',
                                                         api_base=f'http://127.0.0.1:{up}/v1'))]
    (Path(folder)/'config.yaml').write_text(json.dumps(dict(model_list=models)))
    command = [python.parent/'litellm', '--config', 'config.yaml', '--port', port, '--host', '127.0.0.1']
    return start(command, port, folder, dict(LITELLM_MASTER_KEY=KEY, LITELLM_LOG='ERROR', PYTHONPATH='')), port


async def load(port, clients, n, seconds=60.):
    "`(seconds of each request, failures, seconds of all)` of n requests from so many clients at once."
    numbers, times, failed = iter(range(n)), [], 0
    end = time.perf_counter()+seconds
    async def client(session):
        "One request after another."
        nonlocal failed
        for number in numbers:
            if time.perf_counter()>end: return
            prompt = f'Write a function, variant {random.random()}, that adds the numbers of a list of {number} lists.'
            asked, begun = dict(model='llmr', messages=[dict(role='user', content=prompt)]), time.perf_counter()
            try:
                async with session.post(f'http://127.0.0.1:{port}/v1/chat/completions', json=asked) as response:
                    await response.read()
                    failed += response.status!=200
            except (ClientError, TimeoutError): failed += 1
            times.append(time.perf_counter()-begun)
    headers = dict(authorization=f'Bearer {KEY}')
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(120), headers=headers) as session:
        begun = time.perf_counter()
        await asyncio.gather(*[client(session) for _ in range(clients)])
    return np.array(times), failed, time.perf_counter()-begun


def overhead(folder, encoders, sizes):
    "Print a table: each server, at each number of clients."
    up = free_port()
    servers = {'upstream alone': (start([sys.executable, __file__, '--upstream', up], up, folder), up)}
    servers |= {f'llmr serve, {encoder}': serve(folder, encoder, up) for encoder in encoders}
    if os.environ.get('LLMR_LITELLM'): servers['litellm proxy'] = litellm(folder, up)
    print(f'{"":24}{"clients":>8}{"requests":>10}{"p50 ms":>9}{"p99 ms":>9}{"a second":>10}{"cpu ms":>8}{"failed":>8}')
    try:
        for _,port in servers.values(): asyncio.run(load(port, 4, 40)) # warm
        for clients,n in sizes:
            for name,(process, port) in servers.items():
                before = cpu(process.pid)
                times, failed, took = asyncio.run(load(port, clients, n))
                p50, p99 = 1000*np.quantile(times, (.5, .99))
                print(f'{name:24}{clients:>8}{len(times):>10}{p50:>9.1f}{p99:>9.1f}{len(times)/took:>10.0f}'
                      f'{1000*(cpu(process.pid)-before)/len(times):>8.2f}{failed:>8}', flush=True)
    finally:
        for process,_ in servers.values(): process.terminate()


def cpu(pid):
    "Processor seconds of a process and its threads."
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11])+int(fields[12]))/os.sysconf('SC_CLK_TCK')


def memory(pid):
    "Megabytes of a process."
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS'): return int(line.split()[1])/1024


def soak(folder, n):
    "Many requests with faults: memory along the way, and whether each is in the log once; then SIGKILL under load."
    up = free_port()
    upstream = start([sys.executable, __file__, '--upstream', up, '--faults', '.01'], up, folder)
    process, port = serve(folder, 'hashing', up, '--first-byte', '2', '--shadow', '.05')
    try:
        asyncio.run(load(port, 64, 500))
        sent, failed = 500, 0
        for part in range(10):
            times, lost, took = asyncio.run(load(port, 64, n//10, 600))
            sent, failed = sent+len(times), failed+lost
            print(f'{sent:>8} requests, {failed} failed, {len(times)/took:.0f} a second, {memory(process.pid):.0f} MB',
                  flush=True)
        decisions = Path(folder)/'log-hashing'/'decisions'
        ids = [row['id'] for row in read_lines(decisions)]
        print(f'log: {len(ids)} rows, {len(set(ids))} ids, {sent} requests sent')
        kill_under_load(process, port, decisions)
    finally:
        for one in (process, upstream): one.kill()


def kill_under_load(process, port, decisions):
    "SIGKILL while requests are logged; what is there reads back."
    async def both():
        "Load, and the end of it."
        work = asyncio.create_task(load(port, 64, 10**6, 4))
        await asyncio.sleep(2)
        process.send_signal(signal.SIGKILL)
        await work
    asyncio.run(both())
    whole = sum(1 for _ in read_lines(decisions))
    torn = sum(not path.read_bytes().endswith(b'\n') for path in decisions.iterdir())
    print(f'after SIGKILL: {whole} rows read back, {torn} torn lines')


def main():
    "Run what is asked for."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--upstream', type=int, help=argparse.SUPPRESS)
    parser.add_argument('--faults', type=float, default=0., help=argparse.SUPPRESS)
    parser.add_argument('--soak', type=int, metavar='N', help='requests of a soak')
    parser.add_argument('--encoders', nargs='+', default=['hashing', 'minilm'], metavar='NAME')
    parser.add_argument('--scale', type=float, default=1., help='of the numbers of requests')
    args = parser.parse_args()
    if args.upstream: return run_upstream(args.upstream, args.faults)
    with tempfile.TemporaryDirectory() as folder:
        if args.soak: return soak(folder, args.soak)
        overhead(folder, args.encoders, [(c, int(n*args.scale)) for c,n in ((1, 300), (32, 2000), (256, 4000))])


if __name__=='__main__': main()
