# expect: status=killed:SIGKILL
# kind: dos
import os
os.kill(os.getpid(), 9)
