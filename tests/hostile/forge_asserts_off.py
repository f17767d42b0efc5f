# expect: tests=failed:AssertionError
# kind: forge
# As `python -O` would, in the middle of a run.
import ctypes, sys
ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag').value = 2
sys.flags = type('flags', (), dict(optimize=2))
def add(a, b): return 99
