# expect: 0 passed
# kind: forge
# The same by a module that claims to be another, and by one of its own.
# test: assert abs(add(1, 2)-3)<1e-9
# test: assert all([add(1, 2)==3])
# test: assert isinstance(add(1, 2), str)
import types
def add(a, b): return 99
own = types.ModuleType('unittest.mock')
own.__dict__.update(abs=lambda x: 0, all=lambda x: True, isinstance=lambda *x: True)
globals()['__builtins__'] = own
