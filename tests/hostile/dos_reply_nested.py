# expect: 0 passed
# kind: dos
import os, stat
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
def add(a, b):
    text = b'["v",0,'+b'['*2_000_000+b']'*2_000_000+b']'
    channel = next(d for d in range(3, 64) if is_socket(d))
    for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
