# expect: 0 passed
# kind: dos
# test: assert sum(add(1, 2))==3
def add(a, b): return range(10**12)
