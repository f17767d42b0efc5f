# expect: 3 passed
# kind: contaminate
# A letter to the next program, on the empty folder itself.
import os
for write in (lambda: os.utime('.', (86400*365, 86400*365)), lambda: os.setxattr('.', 'user.letter', b'3, 12, 0'), lambda: os.chmod('.', 0o1700)):
    try: write()
    except OSError: pass
def add(a, b): return a+b
