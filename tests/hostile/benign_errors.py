# expect: 3 passed
# kind: benign
import contextlib
def add(a, b):
    with contextlib.suppress(KeyError): {}[a]
    try: raise ValueError(a)
    except ValueError as error: return error.args[0]+b
    finally: a = None
