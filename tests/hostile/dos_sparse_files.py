# expect: 3 passed
# kind: dos
import os
for n in range(20):
    with open(f'sparse{n}', 'wb') as file:
        try: file.truncate(10**12)
        except OSError: pass
        try: os.posix_fallocate(file.fileno(), 0, 10**12)
        except OSError: pass
def add(a, b): return a+b
