# expect: tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
def add(a, b):
    block = [0]
    while True: block += block
