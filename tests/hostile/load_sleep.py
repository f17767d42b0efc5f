# expect: 3 passed
# kind: load
import time
time.sleep(.3)
def add(a, b):
    time.sleep(.1)
    return a+b
