# expect: 3 passed
# kind: harm
# Every way to spoil a file, below the `os` module and through C.
import ctypes, io, os, posix
libc = ctypes.CDLL(None)
name = '@DATA@/keep.txt'
for spoil in (lambda: posix.unlink(name), lambda: os.truncate(name, 0), lambda: os.rename(name, name+'.old'), lambda: io.open(name, 'w'),
              lambda: os.open(name, os.O_WRONLY | os.O_TRUNC), lambda: os.replace('@DATA@/tests.json', name)):
    try: spoil()
    except OSError: pass
libc.unlink(name.encode()), libc.truncate(name.encode(), ctypes.c_long(0)), libc.rename(name.encode(), b'@DATA@/gone')
def add(a, b): return a+b
