# expect: 0 passed
# kind: dos
# Exceptions out of the blue, ten thousand a second, in whatever code is running.
import signal
class Blue(BaseException): pass
def strike(*args): raise Blue
def add(a, b): return None
signal.signal(signal.SIGALRM, strike)
signal.setitimer(signal.ITIMER_REAL, .0001, .0001)
