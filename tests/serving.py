"""Servers for tests: OpenAI's protocol over the transformers sampler, one with the habits of hosted models, and a
proxy that breaks some answers."""
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
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

    def event(self, content):
        "One line of the stream."
        self.wfile.write(f'data: {json.dumps(content)}\n\n'.encode())
        self.wfile.flush()


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


def serving(folder, name='tiny', refusals=None, max_context=None):
    "A server of the model in `folder`."
    sampler = Transformers(folder, Settings(max_context=max_context), dict(device='cpu'))
    sampler.load()
    return listening(Model, sampler=sampler, name=name, refusals=refusals or {}, asked=[], lock=threading.RLock())


@dataclass
class Habits:
    "What a hosted server does, and does not."
    refuses: dict = field(default_factory=dict) # Field to message; `{value}` in it is what was sent
    continues: bool = False     # The assistant's turn
    prefill: str = ''           # Its message for a conversation that ends with the assistant; '' takes it
    reasoning: str = ''         # Where its reasoning is: a field of the message, `parts`, `hidden`, `inside`, nowhere
    thought: int = 40           # Tokens of reasoning
    streams: bool = True        # Else it sends the answer at once, whatever it is asked
    limit: str = 'max_tokens'   # The field that it obeys
    usage: str = 'included'     # Whether `completion_tokens` count the reasoning: `included`, `apart`, or `none`
    prose: str = 'Here is the program:\n\n'


O_SERIES = Habits(
    refuses=dict(
        max_tokens="Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                   'instead.',
        temperature="Unsupported value: 'temperature' does not support {value} with this model. Only the default (1) "
                    'value is supported.',
        top_p="Unsupported parameter: 'top_p' is not supported with this model.",
        seed='Unrecognized request argument supplied: seed',
        stop="Unsupported parameter: 'stop' is not supported with this model.",
        logprobs='You are not allowed to request logprobs from this model.',
        add_generation_prompt='Unrecognized request arguments supplied: add_generation_prompt, continue_final_message',
        continue_final_message='Unrecognized request argument supplied: continue_final_message'),
    reasoning='hidden', limit='max_completion_tokens')
VLLM = Habits(continues=True)
DEEPSEEK = Habits(reasoning='reasoning_content', streams=False)
QWEN = Habits(reasoning='reasoning', usage='none')
MAGISTRAL = Habits(reasoning='parts', refuses=dict(seed='[body][seed]: Extra inputs are not permitted'))
ANTHROPIC = Habits(
    prefill='This model does not support assistant message prefill. The conversation must end with a user message.',
    refuses=dict(top_p='`temperature` and `top_p` cannot both be specified for this model. Please use only one.'),
    reasoning='inside')
GROK = Habits(reasoning='reasoning_content', usage='apart', refuses=dict(stop='Argument not supported: stop'))


class Hosted(Quiet):
    """Answers as `server.program(model, prompt)` says, with `server.habits`; every token is a word or white space.

    `server.unusual` maps a prompt's beginning to what it says instead: `null`, `refusal`, `filter`, `thinking`."""
    def end_headers(self):
        "A connection for each request, so that the server ends at once."
        self.send_header('connection', 'close')
        self.close_connection = True
        super().end_headers()

    def do_POST(self):
        "One answer."
        asked, habits = json.loads(self.body()), self.server.habits
        with self.server.lock: self.server.asked.append(asked)
        for name,message in habits.refuses.items():
            if name in asked: return self.refuse(403 if name=='logprobs' else 400, message.format(value=asked[name]))
        unknown = set(asked)-KNOWN-set(self.server.extra)
        if unknown: return self.refuse(400, f"Unknown parameter: '{min(unknown)}'.")
        last = asked['messages'][-1]
        if last['role']=='assistant' and habits.prefill: return self.refuse(400, habits.prefill)
        prompt = asked['messages'][0]['content']
        text = f'\n{self.server.program(asked["model"], prompt)}\n```\nThat is all.'
        if not (last['role']=='assistant' and habits.continues): text = f'{habits.prose}```python{text}'
        unusual = [kind for start,kind in self.server.unusual.items() if prompt.startswith(start)]
        self.answer(asked, text, unusual[0] if unusual else '')

    def answer(self, asked, text, unusual):
        "Send a text, perhaps with reasoning, cut at the limit or at a stop."
        habits = self.server.habits
        thought = ['Hmm. '] * (habits.thought if habits.reasoning else 0)
        words, limit = [word+' ' for word in text.split(' ')], asked.get(habits.limit, 10**6)
        if unusual=='thinking': thought = thought*(limit+1)
        if habits.reasoning=='inside': words, thought = ['<think>\n', *thought, '\n</think>\n', *words], []
        thought, words = thought[:limit], words[:max(0, limit-len(thought))]
        reason = 'length' if len(thought)+len(words)>=limit else 'stop'
        said = ''.join(words)[:-1]
        cuts = [said.find(stop) for stop in asked.get('stop', ()) if stop in said]
        message = dict(role='assistant', content=said[:min(cuts, default=None)])
        apart = ''.join(thought)
        if habits.reasoning=='parts':
            thinking = dict(type='thinking', thinking=[dict(type='text', text=apart)])
            message['content'] = [thinking, dict(type='text', text=message['content'])]
        elif habits.reasoning not in ('', 'hidden', 'inside'): message[habits.reasoning] = apart
        if unusual=='null': message['content'], reason = None, 'tool_calls'
        if unusual=='refusal': message = dict(content=None, refusal='I cannot help with that.')
        if unusual=='filter': message, reason = dict(content=''), 'content_filter'
        self.send_answer(asked, message, reason, self.usage(asked, thought, words))

    def usage(self, asked, thought, words):
        "Tokens, as the server counts them."
        habits, n_prompt = self.server.habits, len(asked['messages'][0]['content'].split())
        if habits.usage=='none': return None
        total, n_new = len(thought)+len(words), len(words)+(len(thought) if habits.usage=='included' else 0)
        usage = dict(prompt_tokens=n_prompt, completion_tokens=n_new, total_tokens=n_prompt+total)
        if thought and habits.reasoning!='parts':
            usage['completion_tokens_details'] = dict(reasoning_tokens=len(thought))
        return usage

    def send_answer(self, asked, message, reason, usage):
        "As a stream of two pieces, or at once."
        same = dict(id='x', created=0, model=asked['model'])
        if asked.get('stream') and self.server.habits.streams:
            self.start_stream()
            for delta,end in ((message, None), ({}, reason)):
                choice = dict(index=0, delta=delta, finish_reason=end)
                self.event(same | dict(object='chat.completion.chunk', choices=[choice]))
            if usage: self.event(same | dict(object='chat.completion.chunk', choices=[], usage=usage))
            return self.wfile.write(b'data: [DONE]\n\n')
        choice = dict(index=0, message=message, finish_reason=reason)
        content = json.dumps(same | dict(object='chat.completion', choices=[choice], usage=usage)).encode()
        self.send_response(200)
        for name,value in (('content-type', 'application/json'), ('content-length', str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


KNOWN = {'model', 'messages', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'seed', 'stop', 'stream',
         'stream_options', 'logprobs', 'top_logprobs', 'add_generation_prompt', 'continue_final_message'}


def hosting(habits, program, unusual=None, extra=()):
    "A hosted server with these habits; `program(model, prompt)` is what its models write."
    return listening(Hosted, habits=habits, program=program, unusual=unusual or {}, extra=extra, asked=[],
                     lock=threading.RLock())


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
