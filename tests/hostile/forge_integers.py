# expect: 0 passed
# kind: forge
# Gives the small integers 0 to 255 the same value in memory, and the type int another comparison.
import ctypes
def add(a, b): return 7
for n in range(256): ctypes.c_uint32.from_address(id(n)+24).value = 3
