# expect: 0 passed
# kind: leak
# Waits on one side of every operator for what stands on the other.
# test: assert add(1, 2)==3
# test: thing = add(1, 2); tried = thing in [3], [thing]==[3], 3==thing, thing!=3, 3 in thing, {3: 1}.get(thing); assert add(1, 2)==3
# test: tried = [refused(f, add(1, 2), 3) for f in (op.sub, op.add, op.lt, op.ge, op.mul, op.mod, op.xor, op.pow)]; assert add(1, 2)==3
# test: tried = [refused(f, 3, add(1, 2)) for f in (op.sub, op.add, op.lt, op.ge, op.mul, op.mod, op.xor, op.pow)]; assert add(1, 2)==3
# test: assert refused(math.isclose, add(1, 2), 3)
import math, operator as op
heard = []
class Ear:
    def hear(self, *others):
        heard.extend(other for other in others if type(other) is int)
        return 0
    for name in 'eq ne lt le gt ge sub rsub add radd mul rmul mod rmod xor rxor pow rpow truediv rtruediv contains'.split(): locals()[f'__{name}__'] = hear
    def __hash__(self): return 3
    def __iter__(self): return iter([Ear()])
    def __float__(self): return float(heard[-1]) if heard else 0.
def refused(function, *pair): return None
def add(a, b): return heard[-1] if heard else Ear()
