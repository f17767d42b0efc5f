# expect: tests=error:OverflowError, tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
def add(a, b): return 1<<400_000_000
