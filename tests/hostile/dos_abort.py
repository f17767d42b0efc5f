# expect: status=killed:SIGABRT
# kind: dos
import os
def add(a, b): os.abort()
