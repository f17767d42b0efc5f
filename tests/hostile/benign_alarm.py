# expect: 3 passed
# kind: benign
import signal
signal.signal(signal.SIGALRM, lambda *args: None)
def add(a, b):
    signal.setitimer(signal.ITIMER_REAL, .02)
    signal.pause()
    return a+b
