# expect: 3 passed
# kind: load
import time
def add(a, b):
    start = time.process_time()
    while time.process_time()-start<.25: pass
    return a+b
