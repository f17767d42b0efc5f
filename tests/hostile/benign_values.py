# expect: 18 passed
# kind: benign
# test: assert add('namedtuple', 0)==(1, 2)
# test: assert add('counter', 0)=={'a': 2, 'b': 1}
# test: assert add('counter', 0)==Counter('aab')
# test: assert add('ordered', 0)==OrderedDict([('x', 1), ('y', 2)])
# test: assert add('default', 0)=={1: [2]}
# test: assert add('deque', 0)==deque([1, 2])
# test: assert add('decimal', 0)==Decimal('1.10')
# test: assert add('fraction', 0)==Fraction(1, 3)
# test: assert add('set', 0)=={1, 2} and add('set', 0)==frozenset([2, 1])
# test: assert add('bytes', 0)==b'\x00\xff' and add('complex', 0)==1+2j
# test: assert add('range', 0)==range(3) and add('views', 0)[0]=={'a': 1}.keys()
# test: assert add('enum', 0)==2 and add('stack', 0)==[1, 2]
# test: assert add('text', 0)=='é\u4e2d\U0001f600\x00\ud800'
# test: assert add('nested', 0)=={(1, 'a'): [{2: {3}}, (None, True)]}
# test: assert add('large', 0)==2**300 and add('large', 0)+1-2**300==1
# test: assert add('floats', 0)[:2]==[float('inf'), 0.1+0.2] and add('floats', 0)[2]!=add('floats', 0)[2]
# test: assert isinstance(add('set', 0), set) and type(add('nested', 0)) is dict
# test: assert add('none', 0) is None and add('true', 0) is True
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
Level = IntEnum('Level', 'LOW HIGH')
class Stack(list):
    def top(self): return self[-1]
def add(a, b):
    return dict(namedtuple=namedtuple('Point', 'x y')(1, 2), counter=Counter('aab'), ordered=OrderedDict(x=1, y=2), default=defaultdict(list, {1: [2]}), deque=deque([1, 2]), decimal=Decimal('1.1'),
                fraction=Fraction(2, 6), set={1, 2}, bytes=b'\x00\xff', complex=1+2j, range=range(3), views=[{'a': 1}.keys()], enum=Level.HIGH, stack=Stack([1, 2]), text='é中😀\x00\ud800',
                nested={(1, 'a'): [{2: {3}}, (None, True)]}, large=2**300, floats=[float('inf'), 0.1+0.2, float('nan')], none=None, true=True)[a]
