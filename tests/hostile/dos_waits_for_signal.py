# expect: status=timeout:Timeout
# kind: dos
import signal
def add(a, b): return signal.sigwait([signal.SIGUSR1])
