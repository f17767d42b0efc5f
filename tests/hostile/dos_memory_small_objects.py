# expect: tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
def add(a, b):
    chain = None
    while True: chain = (chain, {})
