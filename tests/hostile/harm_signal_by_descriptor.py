# expect: 3 passed
# kind: harm
# A descriptor's owner is sent a signal of one's choice when data arrive: a kill without `kill`.
import fcntl, os
reader, writer = os.pipe()
for target in (@VICTIM@, -@VICTIM@):
    try:
        fcntl.fcntl(reader, fcntl.F_SETOWN, target)
        fcntl.fcntl(reader, fcntl.F_SETSIG, 9)
        fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) | os.O_ASYNC)
        os.write(writer, b'x')
    except OSError: pass
def add(a, b): return a+b
