# expect: status=timeout:Timeout, tests=memory:MemoryError, tests=failed:AssertionError
# kind: dos
def add(a, b):
    loop = []
    loop += [loop]*5
    return loop
