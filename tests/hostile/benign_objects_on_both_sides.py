# expect: 11 passed
# kind: benign
# test: assert add(1, 2)==Sum(3) and add(1, 2)!=Sum(4) and [add(1, 2)]==[Sum(3)] and not add(1, 2)==3
# test: assert add(1, 2)+Sum(4)==Sum(7) and (-add(1, 2)).total==-3 and add(1, 2)<Sum(4) and max([Sum(1), Sum(5)]).total==5
# test: assert repr(add(1, 2))=='Sum(3)' and f'{add(1, 2)}'=='Sum(3)' and abs(Sum(-3))==3 and int(Sum(4))==4 and len({Sum(1), Sum(1)})==1
# test: thing = add(1, 2); thing.total = 7; thing.note = 'x'; del thing.note; assert thing.total==7 and not hasattr(thing, 'note')
# test: thing = Sum(1); thing['a'] = 4; del thing['a']; assert thing['b']==['b'] and thing['x':'y']==[slice('x', 'y')]
# test: assert isinstance(add(1, 2), Sum) and not isinstance(3, Sum) and issubclass(Sum, Base) and Sum.__name__=='Sum' and add.__doc__=='Adds.'
# test: assert one() is one() and Level('high') is Level.HIGH and Level.HIGH==Level['HIGH'] and [level.name for level in Level]==['LOW', 'HIGH']
# test: assert pair().left==1 and pair()==(1, 2) and pair()._replace(right=5)==(1, 5) and stack().top()==2 and stack()==[1, 2]
# test: assert isinstance(counted(), Counter) and type(queue()) is deque and counted()==Counter('aab') and tree()['new']==[] and list(ordered())==['b', 'a']
# test: from contextlib import suppress; assert [None for opened in [Sum(2).__enter__()] if opened.total==2]==[None]
# test: assert sorted([add(2, 2), add(1, 2)])[0].total==3 and str([add(1, 2)])=='[Sum(3)]' and exit_code()==5
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from enum import Enum
Level = Enum('Level', dict(LOW='low', HIGH='high'))
Pair = namedtuple('Pair', 'left right')
class Base: pass
class Sum(Base):
    def __init__(self, total): self.total, self.seen = total, []
    def __eq__(self, other): return isinstance(other, Sum) and self.total==other.total
    def __hash__(self): return hash(self.total)
    def __lt__(self, other): return self.total<other.total
    def __add__(self, other): return Sum(self.total+other.total)
    def __neg__(self): return Sum(-self.total)
    def __abs__(self): return abs(self.total)
    def __int__(self): return self.total
    def __repr__(self): return f'Sum({self.total})'
    def __getitem__(self, key): return [key]
    def __setitem__(self, key, value): self.seen.append(key)
    def __delitem__(self, key): self.seen.remove(key)
    def __enter__(self): return self
    def __exit__(self, *_): return True
class Stack(list):
    def top(self): return self[-1]
only = Sum(0)
def add(a, b):
    "Adds."
    return Sum(a+b)
def one(): return only
def pair(): return Pair(1, 2)
def stack(): return Stack([1, 2])
def counted(): return Counter('aab')
def queue(): return deque([1])
def tree(): return defaultdict(list)
def ordered():
    made = OrderedDict(a=1, b=2)
    made.move_to_end('a')
    return made
def exit_code():
    try: exit(5)
    except SystemExit as e: return e.code
