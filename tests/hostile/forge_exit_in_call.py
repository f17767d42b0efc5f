# expect: tests=error:SystemExit
# kind: forge
def add(a, b): raise SystemExit(0)
