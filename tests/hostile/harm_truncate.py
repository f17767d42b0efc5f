# expect: 3 passed
# kind: harm
# Cuts files off without opening them to write. Right answers only if none lost a byte.
import ctypes, os
libc = ctypes.CDLL(None)
paths = ['@DATA@/keep.txt', '@HOME@/notes.txt', '@DATA@/tests.json']
for path in paths:
    for step in (lambda: os.truncate(path, 0), lambda: os.open(path, os.O_RDONLY | os.O_TRUNC), lambda: os.open(path, 3 | os.O_TRUNC), lambda: open(path, 'w'), lambda: os.close(libc.creat(path.encode(), 0o600))):
        try: step()
        except OSError: pass
    libc.syscall(437, -100, path.encode(), (ctypes.c_uint64*3)(os.O_RDONLY | os.O_TRUNC, 0, 0), 24)
    libc.syscall(437, -100, path.encode(), (ctypes.c_uint64*3)(3 | os.O_TRUNC, 0, 0), 24)
with open('own', 'w') as file: file.write('mine')
with open('own', 'r+') as file: file.truncate(2)
with open('own', 'w+') as file: file.write('x')
def add(a, b): return a+b if os.path.getsize('own')==1 else None
