# expect: status=killed:TooManyThreads, status=killed:SIGSEGV, status=timeout:Timeout, status=memory:MemoryError
# kind: dos
# Threads of C, each started by the one before, with next to no stack.
import ctypes, time
libc = ctypes.CDLL(None)
attributes, thread = ctypes.create_string_buffer(64), ctypes.c_ulong()
libc.pthread_attr_init(attributes), libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(16384))
while True: libc.pthread_create(ctypes.byref(thread), attributes, libc.sleep, ctypes.c_void_p(60))
