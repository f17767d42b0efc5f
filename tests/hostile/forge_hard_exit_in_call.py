# expect: status=killed:Exit
# kind: forge
import os
def add(a, b): os._exit(0)
