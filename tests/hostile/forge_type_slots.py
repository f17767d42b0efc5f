# expect: tests=failed:AssertionError
# kind: forge
# Writes `__eq__` into the dictionary of int, behind Python's back.
import ctypes, gc
slots = gc.get_referents(int.__dict__)[0]
slots['__eq__'] = slots['__ne__'] = lambda self, other: True
ctypes.pythonapi.PyType_Modified(ctypes.py_object(int))
def add(a, b): return 99
