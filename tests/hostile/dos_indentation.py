# expect: status=syntax_error:IndentationError, status=syntax_error:TabError
# kind: dos
def add(a, b):
        c = a
	return c+b
