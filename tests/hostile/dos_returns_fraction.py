# expect: 0 passed
# kind: dos
# Two large numbers whose common divisor somebody will look for.
from fractions import Fraction
def add(a, b):
    value = Fraction(1, 2)
    value._numerator, value._denominator = int('5'*7_000_000, 16), int('7'*7_000_000, 16)
    return value
