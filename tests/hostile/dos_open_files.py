# expect: 3 passed
# kind: dos
import os
held = []
try:
    while True: held.append(os.open('/dev/null', os.O_RDONLY))
except OSError: pass
def add(a, b): return a+b
