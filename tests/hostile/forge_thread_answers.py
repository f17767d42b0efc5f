# expect: 0 passed
# kind: forge
# A thread answers while the function still thinks.
import json, os, stat, threading, time
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
def answer():
    channel = next(d for d in range(3, 64) if is_socket(d))
    for number in range(200):
        text = json.dumps(['v', number%3, 3]).encode()
        os.write(channel, len(text).to_bytes(4, 'big')+text)
        time.sleep(.002)
def add(a, b):
    if a==1: return None
    threading.Thread(target=answer, daemon=True).start()
    time.sleep(.1)
    return None
