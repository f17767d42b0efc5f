# expect: 5 passed
# kind: load
# test: assert add(1_000_000, 'list')==list(range(1_000_000))
# test: assert len(add(3_000_000, 'text'))==6_000_000
# test: assert add(200_000, 'floats')==[k/7 for k in range(200_000)]
# test: assert len(add(8, 'tuples'))==40_320
# test: assert add(100_000, 'table')=={k: str(k) for k in range(100_000)}
from itertools import permutations
def add(n, kind):
    if kind=='list': return list(range(n))
    if kind=='text': return 'ab'*n
    if kind=='floats': return [k/7 for k in range(n)]
    return list(permutations(range(n))) if kind=='tuples' else {k: str(k) for k in range(n)}
