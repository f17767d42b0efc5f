# expect: 3 passed
# kind: contaminate
import collections, json, re, sys
collections.Counter = json.loads = re.compile = None
for name in list(sys.modules):
    if name not in ('sys', 'builtins', '__main__'): del sys.modules[name]
def add(a, b): return a+b
