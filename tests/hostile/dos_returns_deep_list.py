# expect: tests=failed:AssertionError, status=timeout:Timeout
# kind: dos
def add(a, b):
    nest = []
    for _ in range(10**6): nest = [nest]
    return nest
