# expect: tests=error:EOFError
# kind: dos
def add(a, b): return int(input('a? '))+int(input('b? '))
