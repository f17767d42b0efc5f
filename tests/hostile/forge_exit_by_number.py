# expect: status=killed:Exit
# kind: forge
# exit_group, without Python or C noticing.
import ctypes
def add(a, b): ctypes.CDLL(None).syscall(231, 0)
