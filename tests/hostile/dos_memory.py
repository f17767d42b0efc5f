# expect: status=memory:MemoryError, status=timeout:Timeout
# kind: dos
blocks = []
while True: blocks.append(b'\1'*50_000_000)
