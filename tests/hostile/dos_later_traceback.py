# expect: status=killed:Exit
# kind: dos
import faulthandler, time
faulthandler.dump_traceback_later(.2, exit=True)
def add(a, b): time.sleep(1)
