# expect: 3 passed
# kind: load
import time
start = time.process_time()
while time.process_time()-start<.8: pass
def add(a, b): return a+b
