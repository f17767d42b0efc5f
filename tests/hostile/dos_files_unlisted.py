# expect: tests=failed:AssertionError, status=killed:DiskQuota
# kind: dos
# In a folder that can be entered and written, and not listed.
import os
written = 0
os.mkdir('dark', 0o300)
for n in range(40):
    try:
        with open(f'dark/part{n}', 'wb', buffering=0) as file:
            for _ in range(10): written += file.write(bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if written>128<<20 else None
