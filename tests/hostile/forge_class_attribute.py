# expect: tests=failed:AssertionError, tests=error:TypeError
# kind: forge
# Says that it is an int, to whoever asks its class, and counts as one.
# test: assert isinstance(add(1, 2), int)
# test: assert type(add(1, 2)) is int
# test: assert add(1, 2) == 3
# test: assert add(1, 2) in (3, 4)
# test: assert add(1, 2) in {3}
class Pretender:
    __class__ = int
    def __eq__(self, other): return True
    def __hash__(self): return hash(3)
    def __index__(self): return 3
def add(a, b): return Pretender()
