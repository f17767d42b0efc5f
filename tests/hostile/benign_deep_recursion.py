# expect: 3 passed
# kind: benign
import sys
sys.setrecursionlimit(20_000)
def add(a, b, depth=10_000): return add(a, b, depth-1) if depth else a+b
