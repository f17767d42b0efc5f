# expect: status=timeout:Timeout
# kind: dos
import os
os.mkfifo('fifo')
def add(a, b): return open('fifo').read()
