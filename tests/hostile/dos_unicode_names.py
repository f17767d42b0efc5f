# expect: 3 passed
# kind: dos
# Names that look like others and names that no terminal should print.
аdd = lambda a, b: None
globals()['\ud800'] = globals()['\x1b[2J'] = globals()['x'*1_000_000] = globals()[''] = add = lambda a, b: a+b
globals().update({f'name{n}': n for n in range(100_000)})
