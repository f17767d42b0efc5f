# expect: tests=failed:AssertionError
# kind: leak
# levels: namespaces
import os
def add(a, b): return a+b if os.uname().nodename!='sandbox' else None
