# expect: tests=memory:MemoryError
# kind: dos
def add(a, b): return 'x'*10**12
