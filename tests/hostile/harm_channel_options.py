# expect: 3 passed, status=timeout, status=killed
# kind: harm
# Every option of the socket that it speaks through.
import os, socket, stat
def is_socket(descriptor):
    try: return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError: return False
s = socket.socket(fileno=next(filter(is_socket, range(3, 64))))
for level in (0, 1, 6, 41, 263, 270):
    for option in range(1, 90):
        if (level, option) in ((1, 20), (1, 21), (1, 26), (1, 50)): continue
        for value in (1, b'\0'*8, 0):
            try: s.setsockopt(level, option, value)
            except OSError: pass
s.setblocking(True); s.detach()
def add(a, b): return a+b
