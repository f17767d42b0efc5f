# expect: 3 passed
# kind: harm
# Right answers only if no other process can be touched.
import ctypes, os
call = ctypes.CDLL(None).syscall
room, won = ctypes.create_string_buffer(4096), []
class Vector(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
ours, theirs = Vector(ctypes.addressof(room), 4096), Vector(id(os), 4096)
for target in (os.getppid(), 1, @VICTIM@):
    if call(101, 16, target, None, None)>=0 or call(101, 0x4206, target, None, None)>=0: won.append('ptrace')
    if call(310, target, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)>0: won.append('read')
    if call(311, target, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)>0: won.append('write')
    handle = call(434, target, 0)
    if handle>=0 and call(438, handle, 0, 0)>=0: won.append('descriptor')
    if call(312, os.getpid(), target, 0, 0, 0)>=0: won.append('compare')
def add(a, b): return won or a+b
