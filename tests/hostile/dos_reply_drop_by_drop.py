# expect: status=timeout:Timeout
# kind: dos
# One byte at a time, often enough to look alive.
import os, stat, time
def add(a, b):
    sockets = []
    for d in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(d).st_mode): sockets.append(d)
        except OSError: pass
    for d in sockets: os.write(d, b'\0\7\xff\xff')
    while True:
        for d in sockets: os.write(d, b'x')
        time.sleep(.0004)
