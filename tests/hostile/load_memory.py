# expect: 3 passed
# kind: load
block = b'\1'*300_000_000
def add(a, b): return a+b
