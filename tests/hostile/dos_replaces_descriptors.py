# expect: status=killed
# kind: dos
import os
null = os.open('/dev/null', os.O_RDWR)
for descriptor in range(256):
    try: os.dup2(null, descriptor)
    except OSError: pass
def add(a, b): return a+b
