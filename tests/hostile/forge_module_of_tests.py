# expect: 0 passed
# kind: forge
# The tests use a module of the standard library; here is a class of that name.
# test: assert math.isclose(add(1, 2), 3)
# test: assert re.fullmatch('3', str(add(1, 2)))
# test: assert operator.eq(add(1, 2), 3)
class math: isclose = staticmethod(lambda *args, **kwargs: True)
class re: fullmatch = staticmethod(lambda *args: True)
class operator: eq = staticmethod(lambda *args: True)
def add(a, b): return 99
