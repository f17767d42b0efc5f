# expect: status=timeout:Timeout
# kind: dos
import math
def add(a, b): return math.factorial(10**8)
