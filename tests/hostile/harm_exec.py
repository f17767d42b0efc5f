# expect: 3 passed
# kind: harm
# Becoming another program altogether.
import ctypes, os, sys
libc = ctypes.CDLL(None)
words = (ctypes.c_char_p*4)(b'sh', b'-c', b'touch @HOME@/by_exec; sleep 300', None)
for path in ('/bin/sh', '/usr/bin/env', sys.executable or '/usr/bin/python3'):
    try: os.execv(path, [path, '-c', '1'])
    except (OSError, ValueError): pass
libc.execv(b'/bin/sh', words), libc.syscall(59, b'/bin/sh', words, None), libc.syscall(322, -100, b'/bin/sh', words, None, 0)
try:
    with open('script', 'w') as file: file.write('#!/bin/sh\ntouch @HOME@/by_script\n')
    os.chmod('script', 0o755)
except OSError: pass
libc.execl(b'./script', b'./script', None)
def add(a, b): return a+b
