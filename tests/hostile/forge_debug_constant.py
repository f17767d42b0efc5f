# expect: status=syntax_error:SyntaxError
# kind: forge
__debug__ = False
def add(a, b): return 99
