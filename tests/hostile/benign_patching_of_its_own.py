# expect: 3 passed
# kind: benign
# Shadows Python's names by accident, as models do.
list = [1, 2]; str = 'text'; len = 3; input = 4; type = 'kind'; id = 5; object = 6; int_ = int
def max(a, b): return a if a>b else b
def print(*args): pass
def add(a, b): return a+b
