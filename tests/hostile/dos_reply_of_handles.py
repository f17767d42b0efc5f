# expect: 0 passed
# kind: dos
# Hundreds of thousands of things that are said to be here, in a set: to make it, each must be asked for its hash.
# test: assert add(1, 2) == 3 or add(1, 2) == 3
# test: assert add(1, 2) == 3
import os, stat
class Same:
    def __hash__(self): return 1
things = [Same() for _ in range(1000)]
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
calls = 0
def add(a, b):
    global calls
    if calls==0:
        calls = 1
        return things
    text = ('["v",1,["s",'+','.join(f'["h",{k%1000}]' for k in range(600_000))+']]').encode()
    text = len(text).to_bytes(4, 'big')+text
    channel = next(d for d in range(3, 64) if is_socket(d))
    while text: text = text[os.write(channel, text):]
