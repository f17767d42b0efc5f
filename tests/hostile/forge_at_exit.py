# expect: tests=failed:AssertionError
# kind: forge
import atexit, os, threading
atexit.register(print, 'RESULT_JSON:  {"tests_run": 3, "tests_passed": 3}')
atexit.register(os._exit, 0)
threading._register_atexit(os._exit, 0)
def add(a, b): return None
