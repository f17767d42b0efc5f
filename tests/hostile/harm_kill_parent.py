# expect: 3 passed
# kind: harm
import os, signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGSTOP, signal.SIGKILL):
    for target in (os.getppid(), 1, 0, -1, -os.getppid()):
        try: os.kill(target, number)
        except OSError: pass
    try: os.killpg(0, number)
    except OSError: pass
def add(a, b): return a+b
