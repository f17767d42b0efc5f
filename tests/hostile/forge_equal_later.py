# expect: tests=failed:AssertionError
# kind: forge
# Honest when it is looked at, equal to all when it is compared.
class Turncoat(int):
    def __init_subclass__(cls): pass
class Meta(type):
    def __getattribute__(cls, name): return getattr(int, name) if name in ('__eq__', '__hash__', '__ne__') else type.__getattribute__(cls, name)
    def __eq__(cls, other): return True
    def __hash__(cls): return hash(int)
    def mro(cls): return [cls, int, object]
class Lie(int, metaclass=Meta):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 3
def add(a, b): return Lie(99)
