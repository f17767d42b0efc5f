# expect: 3 passed
# kind: harm
# Tables of the kernel's that a machine or a user has one of. Right answers only if little of them can be taken.
import ctypes, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
requests = ctypes.c_ulong(0)
opened = libc.syscall(ctypes.c_long(206 if platform.machine()=='x86_64' else 0), ctypes.c_long(1000), ctypes.byref(requests))==0
timers = 0
while timers<2000 and libc.timer_create(0, None, ctypes.byref(ctypes.c_void_p()))==0: timers += 1
families = []
for family in range(2, 50):
    for kind in (1, 2, 3, 4, 5):
        try: families.append(socket.socketpair(family, kind))
        except PermissionError: pass
        except OSError as e: families.append(e) # it was looked for
def add(a, b): return None if opened or timers==2000 or families else a+b
