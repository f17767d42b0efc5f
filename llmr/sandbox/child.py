"""What runs in the child: the walls that are its own, then the program, then calls of the program's functions.

The child never sees a test or an expected value: it is asked to call a function with arguments, and sends back the value.
Whatever the program does to this code's frames, modules or builtins, it can only change what it answers; so that an honest
one does not trip over itself, it gets a `builtins` of its own to change.
"""
import builtins
import gc
import os
import struct
import sys
from types import ModuleType

import layers
import rewrite
import wire

MAX_NAMES, MAX_NAME = 2000, 80
_PID = 0x7FFFFFFE  # stands for the child's own number in the prepared filter
_WAIT_ALL = 0x100
_type_name = type.__dict__['__name__'].__get__
_exit = os._exit
_operations = dict(call=lambda target, args, kwargs: target(*args, **kwargs), attr=getattr, item=lambda target, key: target[key], value=lambda target: target,
                   bool=bool, str=str, len=len, iter=list)


class Walls:
    "What is the same for every child, prepared once."
    def __init__(self, settings):
        self.settings, self.level, self.module = settings, settings['level'], stage()
        self.filter = layers.seccomp_filter(_PID) if self.level=='landlock' else None

    def enter(self, control):
        "From here on nothing but this process can be harmed."
        gc.enable()
        os.setsid()
        control.close()
        layers.limit_resources(CPU=int(self.settings['cpu_s'])+2)
        if self.level=='namespaces' or sys.platform!='linux': return # the other walls of namespaces stand before the fork
        layers.die_with_parent()
        layers.drop_capabilities()
        if self.filter: layers.enter_seccomp(self.filter.replace(struct.pack('I', _PID), struct.pack('I', os.getpid())))


def name_of(error): return _type_name(type(error))[:MAX_NAME]


def stage():
    "Modules as a program sees them, made before the fork: itself, under both of the names that it may look for, and `builtins` of its own."
    module, own = ModuleType('solution'), ModuleType('builtins')
    own.__dict__.update(builtins.__dict__)
    module.__dict__['__builtins__'] = own
    sys.modules.update(solution=module, __main__=module, builtins=own)
    return module


class Server:
    "Runs one program and answers for it."
    def __init__(self, channel, module):
        self.channel, self.objects, self.module = channel, [], module
        self.names = module.__dict__

    def keep(self, value):
        "A value that can't travel stays here, under a number; a type of Python's own has a name."
        if type(value) is type and builtins.__dict__.get(_type_name(value)) is value: return ['h', _type_name(value)]
        self.objects.append(value)
        return ['h', len(self.objects)-1]

    def find(self, key):
        if type(key) is not str: return self.objects[key]
        return self.names[key] if key in self.names else getattr(builtins, key)

    def read(self, n):
        text = self.channel.recv(n, _WAIT_ALL)
        if len(text)<n: _exit(0)
        return text

    def run(self, job):
        "Compile and run the module; what became of it, for the judge."
        try: code, changed = rewrite.compiled(job['code'], job['mode'], job['called'])
        except (SyntaxError, ValueError, MemoryError, RecursionError) as e: return ['module', 'syntax_error', name_of(e)]
        if job['only_changed'] and not changed: return ['module', 'unchanged', '']
        if job['setup']:
            try: exec(job['setup'], self.names) # for what a program needs while it is imported; again below, for what needs the program
            except BaseException: pass
        try: exec(code, self.names)
        except MemoryError as e: return ['module', 'memory', name_of(e)]
        except BaseException as e: return ['module', 'module_error', name_of(e)]
        if job['setup']:
            try: exec(job['setup'], self.names)
            except BaseException as e: return ['setup', name_of(e)]
        return ['ready', *self.defined(job['called'])]

    def defined(self, called):
        "Names of the module, those that tests call before others: what can be called, other values, and modules with their full names."
        calls, values, modules = [], [], {}
        for name in dict.fromkeys([*filter(self.names.__contains__, called), *list(self.names)[-MAX_NAMES:]]):
            value = self.names[name]
            if type(name) is not str or len(name)>MAX_NAME: continue
            if type(value) is ModuleType: modules[name] = ModuleType.__getattribute__(value, '__name__')
            else: (calls if callable(value) else values).append(name)
        return calls, values, modules

    def answer(self, number, operation, target, *rest):
        "Carry out one operation; the reply."
        try:
            unpacked = [wire.unpack(part, self.find) for part in (target, *rest)]
            return ['v', number, wire.pack(_operations[operation](*unpacked), self.keep)]
        except BaseException as e: return ['x', number, name_of(e)]

    def serve(self):
        "Run the program, then answer until the judge has heard enough."
        job = wire.receive(self.read)
        try: wire.send(self.channel, self.run(job))
        except BaseException as e: wire.send(self.channel, ['module', 'module_error', name_of(e)])
        del job
        while True:
            number, *request = wire.receive(self.read)
            try: sent = wire.send(self.channel, self.answer(number, *request), wire.MAX_REPLY)
            except BaseException: sent = False
            if not sent: wire.send(self.channel, ['x', number, 'OverflowError'])


def main(channel, control, walls):
    "The child's whole life. Does not return."
    try:
        walls.enter(control)
        channel.sendall(b'!')
        Server(channel, walls.module).serve()
    finally: _exit(1)
