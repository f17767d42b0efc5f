# expect: tests=failed:AssertionError
# kind: forge
class Late:
    def __del__(self): raise SystemExit(0)
keep = Late()
def add(a, b):
    global keep
    keep = Late()
    return Late()
