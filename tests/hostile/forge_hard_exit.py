# expect: status=killed:Exit
# kind: forge
import os
def add(a, b): return None
os._exit(0)
