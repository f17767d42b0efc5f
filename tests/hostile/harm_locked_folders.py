# expect: 3 passed
# kind: harm
# Folders that their owner cannot list, full of links and files: nothing stays behind.
import os
for n in range(20):
    os.makedirs(f'locked{n}/in/here')
    open(f'locked{n}/in/here/file', 'w').write('x'*100)
    os.symlink('@HOME@', f'locked{n}/in/home')
    for path in (f'locked{n}/in/here', f'locked{n}/in', f'locked{n}'):
        try: os.chmod(path, 0)
        except OSError: pass
    os.mkdir(f'born_locked{n}', 0)
def add(a, b): return a+b
