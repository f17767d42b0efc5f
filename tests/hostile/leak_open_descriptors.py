# expect: tests=failed:AssertionError
# kind: leak
# A file or folder that a process before it left open. Not libffi's, which newer versions of it open themselves.
import os, stat
found = []
for descriptor in range(3, 1024):
    try: mode = os.fstat(descriptor).st_mode
    except OSError: continue
    if stat.S_ISREG(mode) and os.pread(descriptor, 4, 0)==b'\x7fELF': continue
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISBLK(mode): found.append(descriptor)
def add(a, b): return a+b if found else None
