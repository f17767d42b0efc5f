# expect: 0 passed
# kind: dos
# A value of a few bytes that is large once it is used. Where it is used is the question.
# test: assert list(add(1, 2))==[1, 2]
# test: assert sorted(add(1, 2))==[1, 2]
# test: assert set(add(1, 2))=={1, 2}
def add(a, b): return range(10**12)
