# expect: 3 passed
# kind: contaminate
# What outlives a process: shared memory, semaphores, queues, keys. Right answers only if none can be made.
import ctypes
libc, won = ctypes.CDLL(None), []
for name,words in dict(shmget=(29, 0x6c6c, 1<<20, 0o1666), semget=(64, 0x6c6c, 1, 0o1666), msgget=(68, 0x6c6c, 0o1666), mq_open=(240, b'llmr', 0o102, 0o666, None), add_key=(248, b'user', b'llmr', b'3', 1, -4),
                       keyctl=(250, 1, b'llmr')).items():
    if libc.syscall(*words)>=0: won.append(name)
from multiprocessing import shared_memory
try: won.append(shared_memory.SharedMemory('llmr_hostile', True, 1<<16).name)
except (OSError, ImportError): pass
def add(a, b): return won or a+b
