# expect: 3 passed
# kind: harm
# Landlock alone lets an owner do this.
import os
for change in (lambda path: os.chmod(path, 0o777), lambda path: os.utime(path, (1, 1)), lambda path: os.chown(path, 65534, 65534),
               lambda path: os.setxattr(path, 'user.llmr', b'here'), lambda path: os.fchmod(os.open(path, os.O_PATH), 0o777),
               lambda path: os.chmod(os.path.basename(path), 0o777, dir_fd=os.open(os.path.dirname(path), os.O_PATH))):
    for path in ('@DATA@/keep.txt', '@HOME@', '@HOME@/notes.txt'):
        try: change(path)
        except OSError: pass
def add(a, b): return a+b
