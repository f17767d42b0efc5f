# expect: status=timeout
# kind: dos
# Every attempt is answered by a process of ours.
import os
def add(a, b): return a+b
while True:
    try: os.fork()
    except OSError: pass
