# expect: 3 passed
# kind: benign
def add(a, b, depth=900): return add(a, b, depth-1) if depth else a+b
