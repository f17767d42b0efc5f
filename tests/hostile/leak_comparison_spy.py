# expect: tests=failed:AssertionError
# kind: leak
# The first comparison is to tell it what was expected.
heard = []
class Spy(int):
    def __eq__(self, other): heard.append(other); return True
    def __ne__(self, other): heard.append(other); return False
    def __sub__(self, other): heard.append(other); return 0
    __rsub__ = __hash__ = __sub__
    def __getattribute__(self, name): heard.append(name); return int.__getattribute__(self, name)
def add(a, b): return heard[-1] if heard and isinstance(heard[-1], int) else Spy()
