# expect: tests=failed:AssertionError, status=killed:DiskQuota
# kind: dos
# Files that are deleted while they are open take room that no listing shows.
import os
written, held = 0, []
for n in range(50):
    try:
        held.append(open('file', 'wb', buffering=0))
        os.unlink('file')
        for _ in range(15): written += held[-1].write(bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if written>128<<20 else None
