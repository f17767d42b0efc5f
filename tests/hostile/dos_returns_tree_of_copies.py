# expect: status=timeout:Timeout, tests=memory:MemoryError, tests=error:OverflowError, tests=failed:AssertionError
# kind: dos
# Thirty levels in memory, a thousand million leaves on paper.
def add(a, b):
    tree = 1
    for _ in range(30): tree = [tree, tree]
    return tree
