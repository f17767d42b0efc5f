# expect: tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
# test: assert list(add(1, 2))==[1]
# test: assert sorted(add(1, 2))==[1]
def add(a, b):
    while True: yield a
