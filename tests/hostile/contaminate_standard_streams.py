# expect: 3 passed
# kind: contaminate
import fcntl, os, sys
for descriptor in range(3):
    try: fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND | os.O_ASYNC)
    except OSError: pass
    try: os.ftruncate(descriptor, 0)
    except OSError: pass
for stream in (sys.stdin, sys.stdout, sys.stderr): stream.close()
os.closerange(0, 3)
def add(a, b): return a+b
