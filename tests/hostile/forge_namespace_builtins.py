# expect: 0 passed
# kind: forge
# A module's `__builtins__` decide what `abs` means wherever that module's names are the globals.
# test: assert abs(add(1, 2)-3)<1e-9
# test: assert all([add(1, 2)==3])
# test: assert isinstance(add(1, 2), str)
class Lies:
    def __class_getitem__(cls, name): return dict(abs=lambda x: 0, all=lambda x: True, isinstance=lambda *x: True)[name]
def add(a, b): return 99
globals()['__builtins__'] = Lies
