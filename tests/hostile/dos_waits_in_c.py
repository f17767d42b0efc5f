# expect: status=timeout:Timeout
# kind: dos
# Waits while it holds the interpreter's lock.
import ctypes
def add(a, b): return ctypes.PyDLL(None).sleep(10**6)
