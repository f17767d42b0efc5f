# expect: tests=failed:AssertionError
# kind: forge
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __hash__(self): return 3
    def __contains__(self, item): return True
    def __instancecheck__(self, item): return True
def add(a, b): return Any()
