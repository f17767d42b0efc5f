# expect: tests=memory:MemoryError, status=timeout:Timeout, status=killed:SIGSEGV, status=killed:SIGBUS
# kind: dos
import sys
sys.setrecursionlimit(2**31-1)
def add(a, b): return add(a, b)+1
