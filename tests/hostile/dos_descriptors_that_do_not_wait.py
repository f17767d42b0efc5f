# expect: 0 passed
# kind: dos
import os
for descriptor in range(64):
    try: os.set_blocking(descriptor, False)
    except OSError: pass
def add(a, b): return None
