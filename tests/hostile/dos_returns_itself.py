# expect: tests=failed:AssertionError
# kind: dos
# test: assert add(1, 'list')==[[[]]]
# test: assert add(1, 'dict')=={1: {}}
def add(a, b):
    loop = [] if b=='list' else {}
    loop.append(loop) if b=='list' else loop.update({1: loop})
    return loop
