# expect: 3 passed
# kind: harm
# Types a command into the terminal that it was started from.
import fcntl, os
descriptors = [0, 1, 2]
try: descriptors.append(os.open('/dev/tty', os.O_RDWR))
except OSError: pass
for descriptor in descriptors:
    for letter in b'touch @HOME@/typed\n':
        try: fcntl.ioctl(descriptor, 0x5412, bytes([letter]))
        except OSError: break
def add(a, b): return a+b
