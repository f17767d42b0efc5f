# expect: 3 passed
# kind: contaminate
import os
here = os.getcwd()
for step in (lambda: os.rmdir(here), lambda: os.rename(here, here+'2'), lambda: os.replace(here, '../moved'), lambda: os.symlink('/', here), lambda: os.mkdir(here+'/../beside')):
    try: step()
    except OSError: pass
def add(a, b): return a+b
