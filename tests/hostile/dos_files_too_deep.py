# expect: tests=failed:AssertionError, status=killed:DiskQuota
# kind: dos
# Below a path that is longer than a path may be, where a walk from the top does not come.
import os
written = 0
for n in range(30):
    os.mkdir('d'*200)
    os.chdir('d'*200)
for n in range(40):
    try:
        with open(f'part{n}', 'wb', buffering=0) as file:
            for _ in range(10): written += file.write(bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if written>128<<20 else None
