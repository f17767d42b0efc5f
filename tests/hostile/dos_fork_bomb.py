# expect: 3 passed
# kind: dos
import os, time
def grow(depth=0):
    for _ in range(30):
        try: child = os.fork()
        except OSError: continue
        if not child:
            if depth<3: grow(depth+1)
            time.sleep(60)
            os._exit(0)
grow()
def add(a, b): return a+b
