# expect: 3 passed
# kind: harm
# The same, aimed at the process that forked it.
import fcntl, os
reader, writer = os.pipe()
for target in (os.getppid(), 1, -os.getppid()):
    for number in (19, 9):
        try:
            fcntl.fcntl(reader, fcntl.F_SETOWN, target)
            fcntl.fcntl(reader, fcntl.F_SETSIG, number)
            fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) | os.O_ASYNC)
            os.write(writer, b'x')
        except OSError: pass
def add(a, b): return a+b
