# expect: 0 passed
# kind: dos
# Over a hundred thousand integers with the same hash, written as a set by hand so that only the reader hashes them.
import os, stat
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
def add(a, b):
    prime = (1<<61)-1
    text = ('["v",0,["s",'+','.join(f'["n","{n*prime:x}"]' for n in range(1, 120_000))+']]').encode()
    channel = next(d for d in range(3, 64) if is_socket(d))
    for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
