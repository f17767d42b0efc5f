# expect: status=timeout:Timeout
# kind: dos
import os
def add(a, b): return os.read(os.pipe()[0], 1)
