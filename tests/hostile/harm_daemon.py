# expect: 3 passed
# kind: harm
import os, time
def leave():
    if os.fork(): return
    os.setsid()
    if os.fork()==0:
        os.closerange(0, 1024)
        time.sleep(300)
    os._exit(0)
try: leave()
except OSError: pass
def add(a, b): return a+b
