# expect: status=killed:SIGSEGV, status=killed:SIGBUS, status=timeout:Timeout, tests=error:RecursionError
# kind: dos
import sys
sys.setrecursionlimit(2**31-1)
def add(a, b):
    nest = []
    for _ in range(10**6): nest = [nest]
    return repr(nest)
