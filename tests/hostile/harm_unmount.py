# expect: 3 passed
# kind: harm
# What only the first process may ask for, asked for by a program and by its threads, in every form that a fork can have.
import ctypes, os, threading
libc = ctypes.CDLL(None)
clone, umount = (56, 166) if os.uname().machine=='x86_64' else (220, 39)
got = []
def attempts():
    got.append(libc.umount2(b'/tmp', 2))
    got.append(libc.syscall(umount, b'/tmp', 8))
    for flags in (17, 0, 0x4000 | 0x100 | 17, 0x8000 | 17, 0x10000000 | 17, 0x20000000 | 17, 0x2000000 | 17, 0x7e020000 | 17, 0x10000000 | 0x10000 | 0x800 | 0x100):
        pid = libc.syscall(clone, flags, 0, 0, 0, 0)
        if pid==0: os._exit(0)
        got.append(pid)
attempts()
threads = [threading.Thread(target=attempts) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with open('still.txt', 'w') as file: file.write('here')
def add(a, b): return a+b if set(got)=={-1} and len(got)==99 and os.listdir('.')==['still.txt'] else sorted(set(got))
