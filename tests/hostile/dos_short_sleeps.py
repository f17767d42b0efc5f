# expect: status=timeout:Timeout
# kind: dos
# Never busy, never still.
import time
while True: time.sleep(.0005)
