# expect: tests=error:OverflowError, tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
def add(a, b): return 'é'*200_000_000
