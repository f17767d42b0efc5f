# expect: 0 passed
# kind: dos
import ctypes
libc = ctypes.CDLL(None)
for descriptor in range(3, 64): libc.shutdown(descriptor, 2)
while True: pass
