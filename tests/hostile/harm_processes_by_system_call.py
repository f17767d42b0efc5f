# expect: 3 passed
# kind: harm
# fork, vfork, clone in many dresses and clone3, by number. Right answers only if none made a process.
import ctypes, os
call = ctypes.CDLL(None, use_errno=True).syscall
me, made = os.getpid(), []
arguments = (ctypes.c_uint64*11)(0, 0, 0, 0, 17)
for words in ((57,), (58,), (56, 17, 0, 0, 0, 0), (56, 0x10000000 | 17, 0, 0, 0, 0), (56, 0x20000000 | 17, 0, 0, 0, 0), (56, 0x8000 | 17, 0, 0, 0, 0), (435, arguments, 88),
              (0x40000000+57,), (0x40000000+56, 17, 0, 0, 0, 0)):
    pid = call(*words)
    if os.getpid()!=me: os._exit(0)
    if pid>0: made.append(pid)
def add(a, b): return None if made else a+b
