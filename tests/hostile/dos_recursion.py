# expect: tests=error:RecursionError
# kind: dos
def add(a, b): return add(a, b)
