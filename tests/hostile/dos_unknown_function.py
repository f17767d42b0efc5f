# expect: tests=error:NameError
# kind: dos
def plus(a, b): return a+b
