# expect: status=module_error:ImportError
# kind: dos
from math import sqroot
def add(a, b): return a+b
