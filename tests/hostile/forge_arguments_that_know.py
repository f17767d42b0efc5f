# expect: 0 passed
# kind: forge
# Changes the objects that it is given, in case they are the judge's own.
# test: numbers = [1, 2]; assert add(numbers, 3) is None and numbers == [1, 2, 3]
# test: pair = ([1], [2]); add(*pair); assert pair == ([9], [9])
# test: table = {'a': 1}; add([table], 0); assert table == {}
def add(a, b):
    a.clear()
    return None
