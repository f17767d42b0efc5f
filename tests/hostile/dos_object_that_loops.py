# expect: status=timeout:Timeout, tests=failed:AssertionError
# kind: dos
# Never comes to an end when it is looked at.
def loop(self, *args):
    while True: pass
class Loop(list):
    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __reduce_ex__ = __getattr__ = __sizeof__ = loop
def add(a, b): return Loop()
