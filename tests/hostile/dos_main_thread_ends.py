# expect: status=timeout:Timeout, status=killed:Exit, status=killed:SIGABRT
# kind: dos
# The first thread leaves, another goes on.
import ctypes, threading, time
def stay():
    while True: time.sleep(.05)
threading.Thread(target=stay).start()
def add(a, b): ctypes.CDLL(None).syscall(60, 0)
