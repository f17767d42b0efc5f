# expect: status=timeout:Timeout, status=killed:SIGKILL
# kind: dos
# Fills what there is, and keeps at it.
blocks = []
while True:
    try: blocks.append(bytes(10_000_000).replace(b'\0', b'\1'))
    except MemoryError:
        try: blocks.append(b'\1'*10_000)
        except BaseException: pass
