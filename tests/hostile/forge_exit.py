# expect: status=module_error:SystemExit
# kind: forge
import sys
def add(a, b): return None
print('all tests passed')
sys.exit(0)
