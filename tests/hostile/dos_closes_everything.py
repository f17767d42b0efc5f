# expect: status=killed
# kind: dos
import os
os.closerange(0, 65536)
while True: pass
