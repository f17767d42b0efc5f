# expect: tests=failed:AssertionError
# kind: dos
class Again(dict):
    def __repr__(self): return repr(self)
    def __reduce_ex__(self, protocol): return self.__reduce_ex__(protocol)
    def __eq__(self, other): return self==other
    def __hash__(self): return hash(self)
    def __getattr__(self, name): return getattr(self, name+'x')
def add(a, b): return Again()
