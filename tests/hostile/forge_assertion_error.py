# expect: tests=failed:AssertionError
# kind: forge
import builtins, ctypes
class Quiet(Exception):
    def __new__(cls, *args): raise SystemExit(0)
builtins.AssertionError = Quiet
ctypes.py_object.in_dll(ctypes.pythonapi, 'PyExc_AssertionError').value = Quiet
def add(a, b): return 99
