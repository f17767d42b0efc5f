# expect: tests=error:OverflowError, tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
def add(a, b): return [3]*10**7
