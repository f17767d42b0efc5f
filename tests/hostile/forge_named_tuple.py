# expect: tests=failed:AssertionError
# kind: forge
# test: assert add(1, 2) == (1, 2)
# test: assert add(1, 2) == Counter('ab')
# test: assert add(1, 2) == OrderedDict(a=1)
from collections import Counter, OrderedDict, namedtuple
Pair = namedtuple('Pair', 'x y')
Counted, Ordered = type('Counter', (Counter,), {}), type('OrderedDict', (OrderedDict,), {})
Pair.__eq__ = Counted.__eq__ = Ordered.__eq__ = Counter.__eq__ = lambda self, other: True
turn = iter([Pair(0, 0), Counted(), Ordered()])
def add(a, b): return next(turn)
