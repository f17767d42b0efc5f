# expect: 0 passed
# kind: forge
# More fields than the message has.
import json, os, stat, time
def say(message):
    text = json.dumps(message).encode()
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, len(text).to_bytes(4, 'big')+text)
        except OSError: pass
say(['module', 'ran', '', ['passed']*3, ['']*3])
time.sleep(.3)
def add(a, b): return None
