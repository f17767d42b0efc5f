# expect: 4 passed
# kind: benign
# test: assert list(add(1, 2))==[1, 2]
# test: assert sorted(add(2, 1))==[1, 2]
# test: assert [n*n for n in add(1, 2)]==[1, 4]
# test: assert tuple(add(1, 2))==(1, 2) and sum(add(1, 2))==3 and set(add(1, 2))=={1, 2}
def add(a, b):
    yield a
    yield from map(int, [b])
