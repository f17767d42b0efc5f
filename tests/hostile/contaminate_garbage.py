# expect: 3 passed
# kind: contaminate
# Destructors and weak references that would fire when somebody tidies up.
import gc, os, weakref
class Fire:
    def __init__(self): self.me = self
    def __del__(self): os._exit(3)
keep = [Fire() for _ in range(100)]
weakref.finalize(keep[0], os._exit, 3)
gc.disable()
def add(a, b): return a+b
