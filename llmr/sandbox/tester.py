"""Tests of the judge `values`, in a process of their own: outside the program's, and behind the same walls.

A function of the program's is a name here that sends plain arguments and brings a plain value back. So
`assert f(2) == 4` compares here, with our `==` and our 4, and the program learns nothing but the 2. The process is
made for one program; who made it bounds its time.
"""
import ast
import builtins
import contextlib
import gc
import importlib
import os

import layers
import wire

MAX_NAME = 80
_WAIT_ALL = 0x100


class Ended(BaseException):
    "The program is over, in the middle of a test. A test that catches it has no pass."


class Program:
    "The program's process."
    def __init__(self, channel): self.channel, self.ended = channel, False

    def read(self, n):
        try: text = self.channel.recv(n, _WAIT_ALL)
        except OSError: text = b''
        if len(text)<n: self.end()
        return text

    def end(self):
        self.ended = True
        raise Ended

    def ask(self, *request):
        "The reply to a request. Raises: what the program raised, `Ended`."
        if self.ended: raise Ended
        text = wire.framed(request)
        if not text: raise OverflowError('arguments larger than a message may be')
        try: self.channel.sendall(text)
        except OSError: self.end()
        try: reply = wire.receive(self.read, wire.MAX_REPLY)
        except wire.Breach: self.end()
        if not isinstance(reply, list) or len(reply)<2 or reply[0] not in ('v', 'x'): self.end()
        if reply[0]=='x': raise self.exception(*reply[1:3])
        return reply[1:]

    def call(self, name, args, kwargs):
        "Call a function of the program's; arguments are changed as the program changed them."
        objects = []
        forms = [wire.pack(part, wire.refuses, objects) for part in (args, kwargs)]
        form, *changed = self.ask('c', name, *forms)
        try:
            value = wire.unpack(form, self.found, objects)
            for number, items in changed[0] if changed else ():
                wire.refill(objects[number], [wire.unpack(item, self.found, objects) for item in items])
        except (wire.Breach, ValueError, TypeError, IndexError): self.end()
        return value

    def found(self, key, *_):
        "What does not travel: an iterator, one of Python's types, or something."
        return self.items(key) if isinstance(key, int) else wire.typed(key)

    def items(self, number):
        "Items of an iterator of the program's: one at a time, and more at once when there are many."
        taken = 0
        while True:
            answer = list(self.ask('n', number, 1+min(taken//64, 1023)))
            form, ended = answer[0], answer[1] if len(answer)>1 else True
            try: items = wire.unpack(form, self.found, [])
            except wire.Breach: self.end()
            if not isinstance(items, list): self.end()
            taken += len(items)
            yield from items
            if ended is not False or not items: return

    def exception(self, names, form=None):
        "An exception as the program raised it: of the first of its bases that Python has."
        names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        kinds = [getattr(builtins, name, None) for name in names]
        kinds = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)
                 and kind not in (StopIteration, StopAsyncIteration, GeneratorExit)]
        try:
            args = wire.unpack(form, wire.typed, [])
            error = kinds[0](*(args if type(args) is tuple else ()))
        except (wire.Breach, TypeError, IndexError, ValueError):
            error = (kinds or [Exception])[0].__new__((kinds or [Exception])[0])
        error._said = names[0] if names and names[0].isidentifier() and len(names[0])<=MAX_NAME else 'Exception'
        return error


def helpers(setup):
    "A task's setup code, a piece at a time: one that fails, such as an import of what is not there, is left out."
    try: body = ast.parse(setup).body
    except (SyntaxError, ValueError): return []
    return [compile(ast.Module([node], []), '<setup>', 'exec') for node in body]


def namespace(program, job):
    "What tests can name: the functions that the task asks for, modules that the program has, and the task's helpers."
    names = {name: importlib.import_module(full) for name, full in job['modules'].items() if full in layers.COMMON}
    for name in job['calls']:
        def function(*args, name=name, **kwargs): return program.call(name, args, kwargs)
        function.__name__ = function.__qualname__ = name
        names[name] = function
    for code in helpers(job['setup']):
        with contextlib.suppress(Exception): exec(code, names)
    return names


def graded(program, test, names, values):
    "`(word, error, value)` of a test."
    try:
        value = eval(compile(test, '<test>', 'eval' if values else 'exec'), names)
        if values: value = wire.pack(value, wire.refuses, [])
        if program.ended: raise Ended
    except Ended: return 'ended', '', None
    except AssertionError: return 'failed', 'AssertionError', None
    except MemoryError: return 'memory', 'MemoryError', None
    except BaseException as e: return 'error', getattr(e, '_said', type(e).__name__), None
    return 'passed', '', value if values else None


def serve(channel, theirs):
    "Run the tests of one program, say what came of each, and end."
    read = lambda n: channel.recv(n, _WAIT_ALL)
    job, program = wire.receive(read), Program(theirs)
    gc.enable()
    names = namespace(program, job)
    for test in job['tests']:
        word, error, value = graded(program, test, names, job['values'])
        if not wire.send(channel, [word, error, value]): wire.send(channel, ['killed', 'TooLarge', None])
        if word=='ended': break
    os._exit(0)
