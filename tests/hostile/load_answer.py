# expect: 2 passed
# kind: load
# test: assert len(add(1, 2))==200_000 and add(1, 2)[-1]==199_999
# test: assert sum(add(1, 2))==199_999*100_000
def add(a, b): return list(range(200_000))
