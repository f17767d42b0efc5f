# expect: 0 passed
# kind: forge
# Raised inside a `map`, it ends the loop instead of the test, and what is empty is all true.
# test: assert all(map(lambda pair: add(*pair)==sum(pair), [(1, 2), (5, 7)]))
# test: assert list(map(add, [1, 2], [3, 4]))==[]
# test: assert not list(map(add, [1], [2]))
def add(a, b): raise StopIteration
