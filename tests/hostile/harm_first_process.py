# expect: 3 passed
# kind: harm
# The first process of the namespaces forks every program: signals, limits and priorities for it are refused.
import ctypes, os, resource, signal
refused = 0
def attempt(what):
    global refused
    try: what()
    except OSError: refused += 1
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, 0):
    attempt(lambda: os.kill(1, number))
    attempt(lambda: os.kill(-1, number))
attempt(lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3)))
attempt(lambda: resource.prlimit(1, resource.RLIMIT_CPU, (1, 1)))
attempt(lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
attempt(lambda: os.setpriority(os.PRIO_USER, 0, 19))
libc = ctypes.CDLL(None)
attempt(lambda: os.kill(1, 2) if libc.tgkill(1, 1, 2)==0 else os.kill(1, 0))
def add(a, b): return a+b if refused==19 else refused
