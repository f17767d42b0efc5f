# expect: status=killed:SIGALRM
# kind: dos
import signal, time
signal.alarm(1)
def add(a, b): time.sleep(5)
