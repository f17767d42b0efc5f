# expect: status=syntax_error:SyntaxError
# kind: dos
def add(a, b) return a+b
