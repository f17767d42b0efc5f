# expect: status=module_error:ModuleNotFoundError
# kind: dos
import a_module_that_nobody_wrote
def add(a, b): return a+b
