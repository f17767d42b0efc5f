# expect: 3 passed
# kind: harm
# Who tidies up here as a stronger process must not follow these, whatever they are called.
import os
for n in range(600):
    try: os.mkdir(f'.{n}')
    except OSError: break
for n in range(40):
    os.mkdir(f'folder{n}')
    for k in range(15): os.symlink(('@HOME@/notes.txt', '@DATA@/keep.txt', '@HOME@', '@DATA@')[k%4], f'folder{n}/.{20*n+k}')
    os.symlink('@DATA@', f'link{n}')
def add(a, b): return a+b
