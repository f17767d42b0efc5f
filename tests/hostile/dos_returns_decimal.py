# expect: 0 passed
# kind: dos
# test: assert int(add(1, 2))==3
from decimal import Decimal
def add(a, b): return Decimal('1e999999999')
