# expect: status=timeout:Timeout
# kind: dos
# One step of Python that takes for ever in C.
def add(a, b): return 9**9**9
