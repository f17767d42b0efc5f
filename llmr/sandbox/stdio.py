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
BRIEF_S, USED_S = .1, 1. # processor seconds of a program in a process that others use, and of all of them
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


def run_together(tried, cases):
    """Run cases of a harmless script in the process of others, and in more of its kind where one is worn. Returns how
    many are judged; where that did not go well, each further case needs a process of its own."""
    n_judged = 0
    while tried.status=='ran' and n_judged<len(cases):
        n = _run_some(tried, cases[n_judged:])
        if not n: break
        n_judged += n
    return n_judged


def _run_some(tried, cases):
    "Run the first cases of a harmless script in one process. Returns how many are judged."
    worker, n_judged = tried.worker, 0
    if worker.used: worker.used[0].renew(_limits(tried, cases[0]))
    program, n_programs = worker.used or (Process(worker.sandbox, b'F', _limits(tried, cases[0])), 0)
    worker.used = program, n_programs
    try:
        program.send(['s', *_script(tried), [case['input'] for case in cases]])
        while said := _said_together(program.receive()):
            if n_judged==len(cases) or not _take(tried, cases[n_judged], *said):
                worker.end_used()
                return n_judged
            n_judged += 1
            tried.spend(program)
            program.renew(_limits(tried, cases[min(n_judged, len(cases)-1)]))
    except Ended as e:
        tried.spend(program)
        worker.end_used()
        more = n_judged==len(cases) or (cases[n_judged].get('seconds') or 0)>tried.limits['cpu_s']
        if e.kind!='timeout' or more: return n_judged
        tried.status, tried.error = e.kind, e.error
        tried.add(e.kind, e.error)
        return n_judged+1
    tried.keep(program, n_programs+1)
    return n_judged


def _limits(tried, case):
    "Limits of a case in a process that others use: such a process has no more seconds than a program."
    return tried.limits | dict(cpu_s=min(case.get('seconds') or tried.limits['cpu_s'], tried.limits['cpu_s']))


def _script(tried):
    "A script's job and the processor seconds of a process that no further case begins after."
    job = {key: tried.job[key] for key in ('code', 'mode', 'only_changed')}
    return job | dict(setup=tried.made.setup, called=tried.made.called), USED_S


def _said_together(said):
    """What became of a case: a word, an error, and what was printed; nothing behind the last one.
    Raises: `Ended` if it is nothing of that kind."""
    if not isinstance(said, list) or said and list(map(type, said))!=[str]*3: raise Ended('killed', 'Breach')
    return said


def _take(tried, case, word, error, printed):
    "Note what became of a case. Returns whether it ended by itself."
    if word in ('syntax_error', 'unchanged'): tried.status, tried.error = word, error
    elif word in ('ran', 'module_error'): tried.add(*_judged(word, error, printed, case))
    else: return False
    return True


def _judged(word, error, printed, case):
    "`(word, error)` of a case that ended by itself."
    if word!='ran': return 'error', error if error.isidentifier() else 'Exception'
    return ('passed', '') if same_output(printed, case['output']) else ('failed', 'AssertionError')


def run(tried):
    "Run the program once for each case; one that its limits ended has no further cases."
    is_harmless, cases = len(tried.job['code'])<=harmless.MAX_SOURCE and tried.made.harmless, tried.made.tests
    if is_harmless and harmless.is_harmless(tried.job['code'], script=True):
        cases = cases[run_together(tried, list(map(json.loads, cases))):]
        if not cases or tried.status!='ran': return
    tried.worker.end_used()
    for test in cases:
        word, error = _case(tried, json.loads(test))
        if word in ('syntax_error', 'unchanged'):
            tried.status, tried.error = word, error
            return
        if word in ('timeout', 'killed'): tried.status, tried.error = word, error
        tried.add('error' if word=='module_error' else word, error)
        if word in ('timeout', 'killed'): return
