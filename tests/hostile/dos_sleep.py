# expect: status=timeout:Timeout
# kind: dos
import time
def add(a, b):
    while True:
        try: time.sleep(10**6)
        except BaseException: pass
