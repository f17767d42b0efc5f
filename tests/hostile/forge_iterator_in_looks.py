# expect: tests=failed:AssertionError
# kind: forge
# Is no iterator, and has a handle.
# test: from collections.abc import Iterator; assert isinstance(add(1, 2), Iterator)
# test: assert hasattr(add(1, 2), '__next__')
class Thing: pass
def add(a, b): return Thing()
