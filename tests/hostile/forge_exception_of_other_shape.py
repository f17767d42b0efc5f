# expect: 0 passed
# kind: forge
# Answers with exceptions whose names are no names.
import json, os, stat
def channel(): return next(d for d in range(3, 64) if is_socket(d))
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
odd = iter([['AssertionError'], {'a': 1}, 'x'*1_000_000, 'StopIteration', 'BaseExceptionGroup', '__build_class__', None])
count = iter(range(100))
def add(a, b):
    text = json.dumps(['x', next(count), next(odd)]).encode()
    os.write(channel(), len(text).to_bytes(4, 'big')+text)
    return None
