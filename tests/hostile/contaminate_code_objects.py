# expect: 3 passed
# kind: contaminate
# Rewrites shared memory below Python: small integers of the zygote's pages, interned names, code of library functions.
import ctypes, sys, json, os
ctypes.memset(id(257)+24, 9, 4)
json.dumps.__code__ = (lambda *a, **k: 'x').__code__
os.listdir.__doc__
for name in list(sys.modules):
    if name not in ('sys', 'builtins', 'solution', '__main__', 'wire', 'json', 'ctypes', 'os'): sys.modules.pop(name, None)
def add(a, b): return a+b
