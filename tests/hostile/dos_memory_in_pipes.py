# expect: tests=failed:AssertionError
# kind: dos
# Buffers of the kernel. Right answers only with more than 64 MB of them.
import fcntl, os, socket
held, kept = 0, []
try:
    while True:
        reader, writer = os.pipe()
        kept += [reader, writer]
        os.set_blocking(writer, False)
        try: fcntl.fcntl(writer, 1031, 1<<20)
        except OSError: pass
        try:
            while True: held += os.write(writer, bytes(1<<16))
        except BlockingIOError: pass
except OSError: pass
def add(a, b): return a+b if held>64<<20 else None
