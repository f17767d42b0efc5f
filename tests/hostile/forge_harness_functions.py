# expect: 0 passed
# kind: forge
# Replaces every function and method of the code that called it.
import sys, types
yes = lambda *args, **kwargs: True
def add(a, b):
    frame = sys._getframe().f_back
    while frame:
        for name,thing in list(frame.f_globals.items()):
            if isinstance(thing, types.FunctionType): frame.f_globals[name] = yes
            if isinstance(thing, type) and thing.__module__ not in ('builtins', 'types'):
                for method in [m for m in vars(thing) if not m.startswith('__')]: setattr(thing, method, yes)
        frame = frame.f_back
    return None
