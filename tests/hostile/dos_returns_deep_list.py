# expect: tests=failed:AssertionError
# kind: dos
def add(a, b):
    nest = []
    for _ in range(100_000): nest = [nest]
    return nest
