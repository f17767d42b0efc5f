"""Programs that read standard input and print, and calls with JSON: run once a case, compared as LiveCodeBench does.

A case's expected output stays here. A script's process gets its input by a pipe, and prints into another. One that is
harmless by its syntax has its cases in memory, in a process that it shares with other such scripts.
"""
import json
import os
import select
import time
from decimal import Decimal, InvalidOperation

import harmless
import layers
from process import Ended, Process

MAX_OUTPUT = 16<<20
BRIEF_S = .1 # processor seconds of a script in a process that others use, too
WORDS = 'ran', 'syntax_error', 'module_error', 'memory', 'unchanged'
_TAGS = dict(l=1, t=1)


def _numbers(line):
    "A line's words as decimals, None if one is no number."
    try: return list(map(Decimal, line.split()))
    except (InvalidOperation, ValueError): return None


def same_output(printed, expected):
    "LiveCodeBench's comparison: stripped lines, then numbers as decimals."
    lines, wanted = ([line.strip() for line in text.strip().split('\n')] for text in (printed, expected))
    if len(lines)!=len(wanted): return False
    return all(a==b or _numbers(a) is not None and _numbers(a)==_numbers(b) for a, b in zip(lines, wanted))


def alike(form, expected):
    "Whether a value's form on the wire stands for a JSON value; lists and tuples are alike."
    if not isinstance(form, list): return type(expected) in (int, float, bool, str, type(None)) and form==expected
    tag, items = form[0], form[1:]
    if tag in _TAGS:
        return isinstance(expected, list) and len(items)==len(expected) and all(map(alike, items, expected))
    if tag=='n': return isinstance(expected, int) and items==[hex(expected)]
    if tag not in 'doue' or not isinstance(expected, dict): return False
    items = items[tag=='e':]
    keys, values = items[::2], items[1::2]
    if not all(isinstance(key, (str, int, float, bool, type(None))) for key in keys) or len(keys)!=len(expected):
        return False
    words = [key if isinstance(key, str) else json.dumps(key) for key in keys]
    return set(words)==set(expected) and all(alike(value, expected[word]) for word, value in zip(words, values))


class Streams:
    "The pipes of one case."
    def __init__(self, text):
        self.input, self.output, self.late = memoryview(text), bytearray(), False
        (self.theirs_in, self.ours_in), (self.ours_out, self.theirs_out) = os.pipe(), os.pipe()
        for fd in (self.ours_in, self.ours_out): os.set_blocking(fd, False)

    def started(self):
        for fd in (self.theirs_in, self.theirs_out): os.close(fd)

    def close(self):
        for fd in filter(None, (self.ours_in, self.ours_out)): os.close(fd)

    def give(self):
        "Write what the program has room for."
        try:
            if self.input: self.input = self.input[os.write(self.ours_in, self.input[:1<<16]):]
        except BlockingIOError: return
        except OSError: self.input = self.input[:0]
        if not self.input:
            os.close(self.ours_in)
            self.ours_in = None

    def take(self):
        "Read what the program printed. Returns whether there may be more."
        try: text = os.read(self.ours_out, 1<<16)
        except BlockingIOError: return True
        self.output += text
        if len(self.output)>MAX_OUTPUT: raise Ended('killed', 'OutputTooLarge')
        return bool(text)

    def move(self, process):
        "Until the program has closed its output, or is over."
        poller, more = select.poll(), True
        poller.register(self.ours_out, select.POLLIN)
        if self.ours_in: poller.register(self.ours_in, select.POLLOUT)
        while more:
            ready = dict(poller.poll(1000*process.tick))
            if self.ours_in in ready:
                before = self.ours_in
                self.give()
                if self.ours_in is None: poller.unregister(before)
            if self.ours_out in ready: more = self.take()
            if time.monotonic()-process.checked>=process.tick: process.check()


def _case(tried, case):
    "`(word, error)` of one case."
    streams = Streams(case['input'].encode('utf-8', 'surrogatepass'))
    limits = tried.limits | dict(cpu_s=min(case.get('seconds') or tried.limits['cpu_s'], layers.MAX_CASE_S))
    try: process = Process(tried.worker.sandbox, b'M', limits, streams.theirs_in, streams.theirs_out)
    finally: streams.started()
    said = None
    try:
        job = {key: tried.job[key] for key in ('code', 'mode', 'only_changed')}
        process.send(job | dict(setup=tried.made.setup, called=tried.made.called))
        streams.move(process)
        said = process.receive()
    except Ended as e: ended = e
    else: ended = None
    finally:
        process.close()
        streams.close()
    code, cpu, _ = tried.worker.sandbox.finish()
    tried.cpu, tried.wall = tried.cpu+cpu, tried.wall+process.seconds()
    tried.ended_by = os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0
    return _word(tried, streams, said, ended, code, case)


def _word(tried, streams, said, ended, code, case):
    "What became of a case. A program that ends without a word has printed what it has printed, if it ended well."
    left = ended and not ended.error and os.WIFEXITED(code) and not os.WEXITSTATUS(code)
    if ended and not left: return ended.kind, ended.error
    kind, word, error = said if isinstance(said, list) and len(said)==3 else ('module', 'ran', '')
    if word not in WORDS or word=='unchanged' and not tried.job['only_changed']: return 'killed', 'Breach'
    if word!='ran':
        return word, error if isinstance(error, str) and error.isidentifier() else 'Exception' if error else ''
    same = same_output(streams.output.decode('utf-8', 'replace'), case['output'])
    return ('passed', '') if same else ('failed', 'AssertionError')


def run_together(tried):
    """Run all cases of a harmless script in the process of others. Returns whether that went well; if not, as for a
    script that takes long, each case needs a process of its own."""
    worker, limits = tried.worker, tried.limits | dict(cpu_s=min(BRIEF_S, tried.limits['cpu_s']))
    cases = [json.loads(test) for test in tried.made.tests]
    if worker.used: worker.used[0].renew(limits)
    program, n = worker.used or (Process(worker.sandbox, b'F', limits), 0)
    worker.used = program, n
    try: said = _said_together(tried, program, [case['input'] for case in cases])
    except Ended: said = None
    words = {one[0] for one in said or ()}
    if not words or not words<={'ran', 'module_error', 'syntax_error', 'unchanged'}:
        worker.end_used()
        return False
    tried.keep(program, n+1)
    if not words<={'ran', 'module_error'}: tried.status, tried.error = said[0][:2]
    else:
        for (word, error, printed), case in zip(said, cases): tried.add(*_judged(word, error, printed, case))
    return True


def _said_together(tried, program, inputs):
    "What a process says of each case of a script: a word, an error, and what was printed. Raises: `Ended`."
    job = {key: tried.job[key] for key in ('code', 'mode', 'only_changed')}
    program.send(['s', job | dict(setup=tried.made.setup, called=tried.made.called), inputs])
    said = program.receive()
    if not (isinstance(said, list) and all(isinstance(one, list) and list(map(type, one))==[str]*3 for one in said)):
        return None
    return said if len(said)==len(inputs) or len(said)==1 and said[0][0] in ('syntax_error', 'unchanged') else None


def _judged(word, error, printed, case):
    "`(word, error)` of a case that ended by itself."
    if word!='ran': return 'error', error if error.isidentifier() else 'Exception'
    return ('passed', '') if same_output(printed, case['output']) else ('failed', 'AssertionError')


def run(tried):
    "Run the program once for each case; one that its limits ended has no further cases."
    is_harmless = len(tried.job['code'])<=harmless.MAX_SOURCE and tried.made.harmless
    if is_harmless and harmless.is_harmless(tried.job['code'], script=True) and run_together(tried): return
    tried.worker.end_used()
    for test in tried.made.tests:
        word, error = _case(tried, json.loads(test))
        if word in ('syntax_error', 'unchanged'):
            tried.status, tried.error = word, error
            return
        if word in ('timeout', 'killed'): tried.status, tried.error = word, error
        tried.add('error' if word=='module_error' else word, error)
        if word in ('timeout', 'killed'): return
