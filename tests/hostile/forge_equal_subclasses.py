# expect: tests=failed:AssertionError
# kind: forge
# Values of types derived from the expected one, each with its own idea of equality.
# test: assert add(1, 'int') == 3
# test: assert add(1, 'str') == 'three'
# test: assert add(1, 'list') == [1, 2]
# test: assert add(1, 'tuple') == (1, 2)
# test: assert add(1, 'dict') == {1: 2}
# test: assert add(1, 'set') == {1, 2}
# test: assert add(1, 'float') == 1.5
# test: assert add(1, 'bytes') == b'x'
# test: assert add(1, 'complex') == 1j
# test: assert [add(1, 'int')] == [3]
# test: assert {'x': add(1, 'str')} == {'x': 'three'}
# test: assert not add(1, 'int') != 3
import builtins
always = dict(__eq__=lambda self, other: True, __ne__=lambda self, other: False, __hash__=lambda self: 3)
def add(a, b): return type(b, (getattr(builtins, b),), dict(always))()
