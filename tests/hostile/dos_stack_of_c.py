# expect: status=killed:SIGSEGV, status=killed:SIGBUS, tests=error:RecursionError
# kind: dos
import sys
sys.setrecursionlimit(2**31-1)
def add(a, b):
    nest = []
    for _ in range(100_000): nest = [nest]
    return repr(nest)
