# expect: 3 passed
# kind: harm
# System calls that have a history. Right answers only if none opens.
import ctypes
call = ctypes.CDLL(None).syscall
room, won = ctypes.create_string_buffer(256), []
for name,words in dict(io_uring=(425, 8, room), bpf=(321, 0, room, 128), perf=(298, room, 0, -1, -1, 0), userfaultfd=(323, 0), keyctl=(250, 0, -3, 1), add_key=(248, b'user', b'llmr', b'x', 1, -4),
                       request_key=(249, b'user', b'llmr', None, 0), handle=(304, -100, room, 0), fanotify=(300, 0, 0), personality=(135, 0x40000), ldt=(154, 0, room, 16),
                       unknown=(451+100, 0), memfd=(319, b'llmr', 0), secret=(447, 0), sync=(162,), syncfs=(306, 3), inotify=(294, 0), core=(157, 62, 1, 0, 0, 0)).items():
    if call(*words)>=0: won.append(name)
def add(a, b): return won or a+b
