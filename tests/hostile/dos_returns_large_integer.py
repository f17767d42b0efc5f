# expect: tests=failed:AssertionError
# kind: dos
def add(a, b): return 1<<3_300_000
