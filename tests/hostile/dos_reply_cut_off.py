# expect: status=timeout:Timeout
# kind: dos
# The length of a reply and half of it, and then nothing more.
import os, stat, time
def add(a, b):
    for d in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(d).st_mode): os.write(d, b'\0\0\1\0["v",0,')
        except OSError: pass
    time.sleep(600)
