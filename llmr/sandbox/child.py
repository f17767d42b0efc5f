"""What runs in the child: the isolation that each child needs, then the program, then calls of its functions.

The child never sees a test or an expected value: it is asked to call a function with arguments, and returns the value.
Whatever the program does to this code's frames, modules or builtins changes nothing but what it answers. So that an
honest program does not break this code by accident, it gets a `builtins` of its own.
"""
import builtins
import gc
import operator
import os
import sys
from _thread import RLock
from types import ModuleType

import layers
import rewrite
import wire

MAX_NAMES, MAX_NAME, MAX_BASES = 2000, 80, 20
AHEAD = 1 << 20    # characters or items that are taken from an iterator at once
_PID = 0x7FFFFFFE  # placeholder for the child's own number in the prepared filter
_WAIT_ALL = 0x100
_type_name = type.__dict__['__name__'].__get__
_exit = os._exit
_mro, _bases, _names = (type.__dict__[name].__get__ for name in ('__mro__', '__bases__', '__dict__'))
_args = BaseException.args.__get__
_functions = (getattr, setattr, delattr, isinstance, issubclass, bool, str, repr, len, iter, reversed, hash, int, float,
              complex, abs, round, format)
_operations = {function.__name__: function for function in _functions}
_operations |= {name: getattr(operator, name) for name in wire.OPERATORS}
_operations |= dict(
    call=lambda target, args, kwargs: target(*args, **kwargs),
    value=lambda target: target,
    enter=lambda target: type(target).__enter__(target),
    exit=lambda target, name: type(target).__exit__(target, *raised(name)))


class Isolation:
    "What each child needs besides what it inherits, prepared once."
    def __init__(self, settings):
        self.settings, self.level, self.module = settings, settings['level'], stage()
        self.filter = layers.seccomp_filter(_PID) if self.level=='landlock' else None

    def enter(self, control):
        "From here on, a program can harm nothing but this process."
        gc.enable()
        os.setsid()
        control.close()
        layers.limit_resources(CPU=int(self.settings['cpu_s'])+2)
        if self.level=='namespaces' or sys.platform!='linux': return # in namespaces, the fork inherits the rest
        layers.die_with_parent()
        layers.drop_capabilities()
        if self.filter: layers.enter_seccomp(self.filter.replace(_PID.to_bytes(4, sys.byteorder), own_pid()))


def own_pid(): return os.getpid().to_bytes(4, sys.byteorder)


def name_of(error): return _type_name(type(error))[:MAX_NAME]


def names_of(kinds): return [_type_name(kind)[:MAX_NAME] for kind in kinds[:MAX_BASES]]


def raised(name):
    "Arguments of `__exit__` for an exception in a test, of which only the name is known here."
    if name is None: return None, None, None
    kind = getattr(builtins, name, Exception)
    return kind, kind(), None


def stage():
    """Make the modules that a program sees, before the fork: itself, under both of the names that it may look for, and
    a `builtins` of its own."""
    module, own = ModuleType('solution'), ModuleType('builtins')
    own.__dict__.update(builtins.__dict__, exit=sys.exit, quit=sys.exit) # as Python's `site` has it
    module.__dict__['__builtins__'] = own
    sys.modules.update(solution=module, __main__=module, builtins=own)
    return module


def own_type(value):
    "Name of a type that the tests' process has, too."
    if type(value) is not type: return None
    name = _type_name(value)
    return name if builtins.__dict__.get(name) is value or wire.TYPES.get(name) is value else None


def in_module(module, name):
    "An attribute of a module."
    __import__(module)
    return getattr(sys.modules[module], name)


def bases_of_error(value):
    "Names of a type of exceptions and of its bases."
    if not any(kind is type for kind in _mro(type(value))): return None
    return names_of((value, *_bases(value))) if any(kind is BaseException for kind in _mro(value)) else None


class Server:
    "Runs one program and answers for it."
    def __init__(self, channel, module):
        self.channel, self.module, self.names = channel, module, module.__dict__
        self.objects, self.places = [], {} # what stays here, and its number by id
        self.late = {}                     # by id of an iterator: what it raised after items that were sent first
        self.asking = RLock()

    def keep(self, value):
        """Keep a value that cannot be sent. Returns its handle: a number, with a mark if it is an iterator; the name of
        one of Python's own types; the test's own number of a function."""
        if own := own_type(value): return ['h', own]
        place = self.places.setdefault(id(value), len(self.objects))
        if place==len(self.objects): self.objects.append(value)
        return ['h', place, True] if any('__next__' in _names(kind) for kind in _mro(type(value))) else ['h', place]

    def find(self, key):
        "What a handle refers to."
        if type(key) is not str: return self.objects[key] if key>=0 else self.function(key)
        if '.' in key: return in_module(*key.rpartition('.')[::2])
        return self.names[key] if key in self.names else wire.TYPES.get(key) or getattr(builtins, key)

    def function(self, key):
        "A function of the test's. It is called where the test runs."
        def function(*args, **kwargs): return self.ask(key, args, kwargs)
        self.objects.append(function) # must stay, or another object could get its id
        self.places[id(function)] = key
        return function

    def ask(self, key, args, kwargs):
        "Have a function of the test's called. Meanwhile it may call ours."
        with self.asking:
            request = ['f', key, wire.pack(args, self.keep), wire.pack(kwargs, self.keep)]
            if not wire.send(self.channel, request, wire.MAX_REPLY): raise OverflowError
            while True:
                word, *rest = wire.receive(self.read)
                if word=='v': return wire.unpack(rest[0], self.find)
                if word=='x': raise getattr(builtins, rest[0], Exception)
                self.reply(word, *rest)

    def read(self, n):
        "Exactly n bytes from the judge; without it, there is nothing left to do."
        text = self.channel.recv(n, _WAIT_ALL)
        if len(text)<n: _exit(0)
        return text

    def run(self, job):
        "Compile and run the module. Returns what became of it."
        try: code, changed = rewrite.compiled(job['code'], job['mode'], job['called'])
        except (SyntaxError, ValueError, MemoryError, RecursionError) as e:
            return ['module', 'syntax_error', name_of(e)]
        if job['only_changed'] and not changed: return ['module', 'unchanged', '']
        if job['setup']: # now for what the program needs while it is imported, again below for what needs the program
            try: exec(job['setup'], self.names)
            except BaseException: pass
        try: exec(code, self.names)
        except MemoryError as e: return ['module', 'memory', name_of(e)]
        except BaseException as e: return ['module', 'module_error', name_of(e)]
        if job['setup']:
            try: exec(job['setup'], self.names)
            except BaseException as e: return ['setup', name_of(e)]
        return ['ready', *self.defined(job['called'])]

    def defined(self, called):
        """Names of the module, those that tests call before others: callables; other values; modules, with their full
        names; types, bases first: one of Python's with its name, an exception with its own name and its bases'."""
        calls, values, modules, kinds = [], [], {}, {}
        for name in dict.fromkeys([*filter(self.names.__contains__, called), *list(self.names)[-MAX_NAMES:]]):
            value = self.names[name]
            if type(name) is not str or len(name)>MAX_NAME: continue
            if type(value) is ModuleType: modules[name] = ModuleType.__getattribute__(value, '__name__')
            else: (calls if callable(value) else values).append(name)
            if kind := own_type(value) or bases_of_error(value): kinds[name] = kind
        depth = lambda item: len(_mro(self.names[item[0]]))
        return calls, values, modules, dict(sorted(kinds.items(), key=depth))

    def answer(self, number, operation, target, *rest):
        "Carry out one operation. Returns the reply; that to a call has the arguments that it changed, too."
        try:
            target, *given = [wire.unpack(part, self.find) for part in (target, *rest)]
            if operation=='next': return ['v', number, self.take(target, *given)]
            value = wire.pack(_operations[operation](target, *given), self.keep)
            return ['v', number, value, self.changed(rest, *given)] if operation=='call' else ['v', number, value]
        except BaseException as e: return ['x', number, *self.said(e)]

    def changed(self, forms, args, kwargs):
        "Arguments that differ from what was sent, with their positions or names."
        by_name = zip(forms[1][1::2], forms[1][2::2])
        given = [*zip(range(len(args)), args, forms[0][1:]), *((name, kwargs[name], form) for name, form in by_name)]
        given = [item for item in given if type(item[1]) in wire.REFILLED]
        now = [(place, wire.pack(value, self.keep), form) for place, value, form in given]
        return [[place, after] for place, after, before in now if after!=before]

    def take(self, target, n):
        "Up to n items of an iterator; none at its end."
        taken, size = [], 0
        if id(target) in self.late: raise self.late.pop(id(target))
        try:
            while len(taken)<n and size<AHEAD:
                item = next(target)
                taken.append(wire.pack(item, self.keep))
                size += len(item) if type(item) in (str, bytes, list, tuple, set, dict) else 1
        except StopIteration: pass
        except BaseException as e:
            if not taken: raise
            self.late[id(target)] = e
        return ['l', *taken]

    def said(self, error):
        "Names of an exception's type and of its bases, its arguments unless they are too large, and a handle of it."
        try: args = wire.pack(_args(error), self.keep)
        except BaseException: args = ['t']
        return names_of(_mro(type(error))), args if wire.framed(args, wire.MAX_SAID) else ['t'], self.keep(error)

    def reply(self, number, *request):
        "Answer one request."
        answer = self.answer(number, *request)
        for form in (answer, answer[:3], ['x', number, ['OverflowError']]):
            try:
                if wire.send(self.channel, form, wire.MAX_REPLY): return
            except BaseException: pass

    def serve(self):
        "Run the program, then answer requests until the judge ends this process."
        job = wire.receive(self.read)
        try: wire.send(self.channel, self.run(job))
        except BaseException as e: wire.send(self.channel, ['module', 'module_error', name_of(e)])
        del job
        while True: self.reply(*wire.receive(self.read))


def main(channel, control, isolation):
    "Everything that the child does. Does not return."
    try:
        isolation.enter(control)
        channel.sendall(b'!')
        Server(channel, isolation.module).serve()
    finally: _exit(1)
