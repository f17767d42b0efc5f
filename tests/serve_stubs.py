"A service and its two servers for tests, all in this process; the servers answer, stall and break as they are told."
import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip('aiohttp', reason="serving needs llmr[serve]")
pytest.importorskip('starlette', reason="serving needs llmr[serve]")
pytest.importorskip('uvicorn', reason="serving needs llmr[serve]")

from aiohttp import web

from llmr.asking import Asking
from llmr.deciding import Metrics
from llmr.gateway import Decider, Options
from llmr.request_log import RequestLog
from llmr.relay import Service
from llmr.serve import listen, make_app, make_server
from llmr.upstreams import Patience, Upstream

QUICK = Patience(connect=1., first_byte=1., idle=.3, total=5., tries=2, longest_wait=.5)


class Said(NamedTuple):
    "What a server says in place of its own answer."
    kind: str         # Content type
    pieces: tuple     # Of bytes
    status: int = 200
    headers: dict = {}
    pause: float = 0. # Seconds before each piece but the first


class Stub:
    """A server of OpenAI's kind. Each request uses up one of `faults`: a status, `Said`, `stall`, `stall later`, `cut`,
    `drop`.
    `asked` holds what came, `left` the times at which a client went away, `texts` answers by prompt."""
    def __init__(self, name, text='def f(x): return x'):
        self.name, self.text, self.faults, self.asked, self.left, self.always = name, text, [], [], [], None
        self.pieces, self.delay, self.retry_after, self.texts = 3, 0., None, {}

    async def post(self, request):
        "One answer."
        body = await request.read()
        self.asked.append((request.path, dict(request.headers), body))
        fault = self.faults.pop(0) if self.faults else self.always
        try: return await self.answer(request, json.loads(body), fault)
        except (asyncio.CancelledError, ConnectionError):
            self.left.append(time.monotonic())
            raise

    async def answer(self, request, asked, fault):
        "As the fault says."
        if isinstance(fault, int):
            headers = {'retry-after': self.retry_after} if self.retry_after else {}
            return web.json_response(dict(error=dict(message=f'fault {fault}')), status=fault, headers=headers)
        if isinstance(fault, Said): return await self.say(request, fault)
        if fault=='drop': return request.transport.close()
        if fault=='stall': await asyncio.sleep(30)
        if self.texts: self.text = self.texts[asked['messages'][-1]['content']]
        if not asked.get('stream'): return self.whole(asked)
        return await self.stream(request, asked, fault)

    async def say(self, request, said):
        "Word for word."
        response = web.StreamResponse(status=said.status, headers={'content-type': said.kind, **said.headers})
        await response.prepare(request)
        for i,piece in enumerate(said.pieces):
            if i: await asyncio.sleep(said.pause)
            await response.write(piece)
        await response.write_eof()
        return response

    def whole(self, asked):
        "In one piece; the numbers are written as no JSON library would."
        message = dict(role='assistant', content=self.text)
        body = json.dumps(dict(id='resp_1', model=self.name, echo=asked, choices=[dict(index=0, message=message)],
                               usage=dict(prompt_tokens=7, completion_tokens=5)), indent=3)
        return web.Response(body=body.encode(), content_type='application/json', headers={'x-own': self.name})

    async def stream(self, request, asked, fault):
        "Piece by piece."
        response = web.StreamResponse(headers={'content-type': 'text/event-stream', 'x-own': self.name})
        response.enable_chunked_encoding()
        await response.prepare(request)
        size = -(-len(self.text)//self.pieces)
        for i in range(self.pieces):
            if fault and i==1: await self.break_off(request, fault)
            piece = dict(index=0, delta=dict(content=self.text[i*size:(i+1)*size]))
            await response.write(f'data: {json.dumps(dict(model=self.name, choices=[piece]))}\n\n'.encode())
            await asyncio.sleep(self.delay)
        await response.write(b'data: [DONE]\n\n')
        await response.write_eof()
        return response

    async def break_off(self, request, fault):
        "After the first piece."
        if fault=='stall later': await asyncio.sleep(30)
        request.transport.close()

    async def models(self, request):
        "What there is."
        return web.json_response(dict(object='list', data=[dict(id=self.name)]))

    @asynccontextmanager
    async def listening(self):
        "Its address."
        app = web.Application(client_max_size=2**26, handler_args=dict(handler_cancellation=True))
        app.router.add_get('/v1/models', self.models)
        for path in ('chat/completions', 'completions', 'responses'): app.router.add_post(f'/v1/{path}', self.post)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=.1)
        await runner.setup()
        with listen('127.0.0.1', 0) as place:
            place.setblocking(False)
            await web.SockSite(runner, place).start()
            try: yield f'http://127.0.0.1:{place.getsockname()[1]}/v1'
            finally: await runner.cleanup()


@contextmanager
def two_stubs():
    "Two servers in a thread of their own: `urls` with the names of their models, `small`, `large`."
    started, stop, found = threading.Event(), [], SimpleNamespace(small=Stub('A'), large=Stub('B'))
    async def run():
        "Until told to stop."
        stop.extend((asyncio.get_running_loop(), asyncio.Event()))
        async with found.small.listening() as at_small, found.large.listening() as at_large:
            found.urls = f'{at_small}/A', f'{at_large}/B'
            started.set()
            await stop[1].wait()
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(60)
    try: yield found
    finally:
        stop[0].call_soon_threadsafe(stop[1].set)
        thread.join(10)


class Lengths:
    "A router whose score is 0.9 for prompts with `add`, else 0.1."
    calibration = np.linspace(0, 1, 50)
    card = dict(small='A', large='B', thresholds={'0.5': .5})
    def score(self, texts): return np.array([.9 if 'add' in text else .1 for text in texts])


@contextmanager
def served(folder=None, router=None, checker=None, cascade=None, dead=(), stubs=None, **options):
    """A service with two stubs: url, small, large, service, log. The loop runs in a thread, as a server in a process of
    its own would."""
    started, ended = threading.Event(), {}
    small, large = stubs or (Stub('org/A'), Stub('B', 'def f(x): return 2*x'))
    found = SimpleNamespace(small=small, large=large)
    options = dict(tau=.5, patience=QUICK) | options

    async def run():
        "Until told to stop."
        async with small.listening() as at_small, large.listening() as at_large:
            places = {side: 'http://127.0.0.1:1/v1' if side in dead else url
                      for side,url in (('small', at_small), ('large', at_large))}
            names = dict(small='A', large='B') if stubs is None else dict(small='small', large='large')
            upstreams = {side: Upstream(side, name, places[side], getattr(found, side).name, f'{side}-key')
                         for side,name in names.items()}
            given = Options(**options)
            decider = Decider(router or Lengths(), folder or '/nonexistent', given)
            found.log = RequestLog(folder/'log') if folder else None
            found.service = Service(decider, Asking(upstreams, given, Metrics(), checker, cascade), found.log, given)
            found.server = make_server(make_app(found.service))
            found.server.config.timeout_graceful_shutdown = 1
            with listen('127.0.0.1', 0) as place:
                found.url, found.port = f'http://127.0.0.1:{place.getsockname()[1]}', place.getsockname()[1]
                started.set()
                await found.server.serve(sockets=[place])

    def work():
        "The loop."
        try: asyncio.run(run())
        except BaseException as e: ended['error'] = e
        finally: started.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(60)
    if 'error' in ended: raise ended['error']
    try: yield found
    finally:
        found.server.should_exit = True
        thread.join(10)
        if 'error' in ended: raise ended['error']
