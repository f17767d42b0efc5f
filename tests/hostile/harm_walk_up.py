# expect: tests=failed:AssertionError
# kind: harm
# Out of its directory by descriptors, dots and the root. Right answers only if a canary is reached.
import os
seen = []
starts = ['.', '..', '../../../../../..', '/', '/proc/1/root', '/proc/self/root', '/proc/self/cwd/..']
for start in starts:
    try: handle = os.open(start, os.O_PATH)
    except OSError: continue
    for path in ('@DATA@/keep.txt', '@DATA@'.lstrip('/')+'/keep.txt', '../'*20+'@DATA@'.lstrip('/')+'/keep.txt'):
        try: seen.append(os.open(path, os.O_RDONLY, dir_fd=handle))
        except OSError: pass
for handle in range(3, 64):
    try:
        os.fchdir(handle)
        seen.append(open('@DATA@/keep.txt').read())
    except OSError: pass
def add(a, b): return a+b if seen else None
