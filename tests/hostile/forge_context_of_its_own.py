# expect: 0 passed
# kind: forge
# Breaks off in the body of a `with`, and says that its `__exit__` has dealt with it.
# test: exec('with Calm(): assert add(1, 2)==3')
import json, os
def say(message):
    text = json.dumps(message).encode()
    for descriptor in range(3, 64):
        try: os.write(descriptor, len(text).to_bytes(4, 'big')+text)
        except OSError: pass
class Calm:
    def __enter__(self): return self
    def __exit__(self, *_): return True
def add(a, b):
    say([3])
    for number in range(3, 10): say(['v', number, True])
    return 99
