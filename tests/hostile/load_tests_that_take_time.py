# expect: 2 passed
# kind: load
# test: total = sum(range(10_000_000)); assert add(1, 2)==3
# test: import time; time.sleep(.4); assert add(5, 7)==12
def add(a, b): return a+b
