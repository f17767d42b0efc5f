# expect: 0 passed
# kind: forge
# Speaks the harness' own language: says that it is ready, and answers questions before they are asked.
import json, os, stat, time
def say(message):
    text = json.dumps(message).encode()
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, len(text).to_bytes(4, 'big')+text)
        except OSError: pass
say(['ready', ['add', '__builtins__', 'abs', 'AssertionError'], ['x'], {}])
for number in range(30): say(['v', number, True])
time.sleep(.3)
def add(a, b): return True
