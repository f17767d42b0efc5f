# expect: 3 passed
# kind: contaminate
# Closes the folder that the next program will write in, and leaves it empty.
import os
for mode in (0o000, 0o7777, 0o500):
    try: os.chmod('.', mode)
    except OSError: pass
def add(a, b): return a+b
