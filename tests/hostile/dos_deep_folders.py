# expect: 3 passed, status=killed:DiskQuota, status=timeout:Timeout
# kind: dos
# Two thousand levels, a link and a file in each hundredth; all to be tidied up by someone else.
import os
for n in range(2000):
    os.mkdir('deep')
    os.chdir('deep')
    if n%100==0:
        os.symlink('..', 'up')
        open('file', 'w').close()
def add(a, b): return a+b
