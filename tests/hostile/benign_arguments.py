# expect: 4 passed
# kind: benign
# test: assert add([3, 1], {'k': {2}})==[[1, 3], {'k': {2}}]
# test: assert add((1, (2, 'x')), None)==[(1, (2, 'x')), None]
# test: assert add(b='b', a=2.5)==[2.5, 'b']
# test: assert add(add(1, 2), add)[0]==[1, 2]
def add(a, b): return [sorted(a) if isinstance(a, list) else a, b]
