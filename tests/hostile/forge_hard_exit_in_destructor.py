# expect: 0 passed
# kind: forge
import os
class Late:
    def __del__(self): os._exit(0)
def add(a, b): return [Late()]
