# expect: 0 passed
# kind: forge
import json, os, stat, time
def say(message):
    text = json.dumps(message).encode()
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, len(text).to_bytes(4, 'big')+text)
        except OSError: pass
say(['setup', ['passed'], {'a': 1}, 'y'*3_000_000])
time.sleep(.3)
def add(a, b): return None
