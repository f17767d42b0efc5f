# expect: status=timeout:Timeout
# kind: dos
import re
def add(a, b): return re.match(r'(x+x+)+y', 'x'*60)
