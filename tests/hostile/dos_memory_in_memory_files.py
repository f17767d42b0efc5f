# expect: tests=failed:AssertionError
# kind: dos
# Memory that no address space shows: files without a name. Right answers only with more than 300 MB of them.
import os
held = 0
for _ in range(55):
    try:
        handle = os.memfd_create('x') if hasattr(os, 'memfd_create') else -1
        for _ in range(15): held += os.write(handle, bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if held>300<<20 else None
