"Servers for tests: OpenAI's protocol over the transformers sampler, and a proxy that breaks some of its answers."
import json
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from llmr.engine_transformers import Transformers
from llmr.engines import Request, Settings


@contextmanager
def listening(handler, **state):
    """A server on this machine with attributes `state`, which runs as long as the block.

    Its threads end with it, since torch aborts a process that leaves one behind.
    """
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    server.daemon_threads, server.url = False, f'http://127.0.0.1:{server.server_address[1]}/v1'
    for name,value in state.items(): setattr(server, name, value)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try: yield server
    finally:
        server.shutdown()
        server.server_close()


class Quiet(BaseHTTPRequestHandler):
    "What both share."
    protocol_version, timeout = 'HTTP/1.1', 2 # seconds that a connection may be idle
    def log_message(self, *_): pass

    def body(self): return self.rfile.read(int(self.headers['content-length'] or 0))

    def refuse(self, status, message, **headers):
        "An error as OpenAI's servers send it."
        content = json.dumps(dict(error=dict(message=message, type='error', code=status))).encode()
        self.send_response(status)
        names = {'content-type': 'application/json', 'content-length': str(len(content)), **headers}
        for name,value in names.items(): self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(content)

    def start_stream(self):
        "Headers of a streamed answer, which ends when the connection does."
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream')
        self.send_header('connection', 'close')
        self.end_headers()
        self.close_connection = True


class Model(Quiet):
    """Serves the model in `server.folder`.

    `server.refusals` maps a prompt's beginning to `(status, message)`; an answer to a prompt that begins with BROKEN
    never ends.
    """
    def do_POST(self):
        "One completion."
        asked = json.loads(self.body())
        with self.server.lock: self.server.asked.append(asked | dict(key=self.headers['authorization']))
        prompt = asked['messages'][0]['content'] if 'messages' in asked else asked['prompt']
        refusal = self.refusal(prompt, asked)
        if refusal: return self.refuse(*refusal)
        with self.server.lock: completion = self.draw(prompt, asked)
        if completion.finish_reason=='prompt_too_long':
            return self.refuse(400, "This model's maximum context length is 64 tokens.")
        self.start_stream()
        half = len(completion.text)//2
        for text in (completion.text[:half], completion.text[half:]): self.send(asked, text)
        if prompt.startswith('BROKEN'): return
        self.send(asked, '', completion.finish_reason)
        usage = dict(prompt_tokens=completion.n_prompt_tokens, completion_tokens=completion.n_tokens,
                     total_tokens=completion.n_prompt_tokens+completion.n_tokens)
        self.event(dict(id='x', object='chunk', created=0, model=asked['model'], choices=[], usage=usage))
        self.wfile.write(b'data: [DONE]\n\n')

    def refusal(self, prompt, asked):
        "`(status, message)` if the server refuses the request before it samples."
        if asked['model']!=self.server.name: return 404, f'The model {asked["model"]} does not exist.'
        for start,refusal in self.server.refusals.items():
            if prompt.startswith(start): return refusal
        if 'messages' in asked and not self.server.sampler.tokenizer.chat_template:
            return 400, 'the tokenizer does not define a chat template'

    def draw(self, prompt, asked):
        "As the sampler draws it from the same seed."
        sampler = self.server.sampler
        sampler.settings = Settings(asked['temperature'], asked['max_tokens'], asked['top_p'], tuple(asked['stop']),
                                    max_context=sampler.settings.max_context)
        if 'prompt' in asked: prompt = prompt.removesuffix(f'\n\n{sampler.settings.prefill}')
        return next(iter(sampler.complete([Request(prompt, 0, asked['seed'])])))[1]

    def send(self, asked, text, reason=None):
        "A piece of text."
        piece = dict(delta=dict(content=text)) if 'messages' in asked else dict(text=text)
        choice = dict(index=0, finish_reason=reason, **piece)
        self.event(dict(id='x', object='chunk', created=0, model=asked['model'], choices=[choice]))

    def event(self, content):
        "One line of the stream."
        self.wfile.write(f'data: {json.dumps(content)}\n\n'.encode())
        self.wfile.flush()


def serving(folder, name='tiny', refusals=None, max_context=None):
    "A server of the model in `folder`."
    sampler = Transformers(folder, Settings(max_context=max_context), dict(device='cpu'))
    sampler.load()
    return listening(Model, sampler=sampler, name=name, refusals=refusals or {}, asked=[], lock=threading.RLock())


class Proxy(Quiet):
    "Passes requests on to `server.upstream`, but does what `server.faults` says to the request of that number."
    def do_POST(self):
        "Pass on, or break."
        with self.server.lock:
            number = self.server.count = self.server.count+1
            fault = self.server.faults.get(number)
            if fault: self.server.done.append(fault)
        body = self.body()
        if fault==429: return self.refuse(429, 'too many requests', retry_after='0.1')
        if fault==500: return self.refuse(500, 'internal error')
        place = urlsplit(self.server.upstream)
        upstream = HTTPConnection(place.hostname, place.port, timeout=120)
        headers = {'content-type': 'application/json', 'authorization': self.headers['authorization'] or ''}
        upstream.request('POST', self.path, body, headers)
        answer = upstream.getresponse()
        if answer.status!=200: return self.refuse(answer.status, answer.read().decode(errors='replace'))
        self.start_stream()
        for i,line in enumerate(iter(answer.readline, b'')):
            if fault=='drop' and i==2: return self.connection.close()
            if fault=='stall' and i==2: time.sleep(self.server.stall_s)
            try: self.wfile.write(line)
            except OSError: return
            self.wfile.flush()


def breaking(upstream, faults, stall_s=5.):
    "A proxy before `upstream` that breaks the requests numbered in `faults`."
    return listening(Proxy, upstream=upstream, faults=faults, stall_s=stall_s, count=0, done=[], lock=threading.Lock())
