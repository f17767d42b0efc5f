# expect: tests=failed:AssertionError
# kind: leak
# Reads its own address space through a pipe, which answers EFAULT where a pointer would crash.
import ctypes, os, re
libc = ctypes.CDLL(None)
reader, writer = os.pipe()
def pages(around, n=3000):
    for page in range(-n, n):
        if libc.write(writer, ctypes.c_void_p((around & ~4095)+4096*page), 4096)==4096: yield os.read(reader, 4096)
def add(a, b):
    wanted = re.compile(b'dd'+rb'\(%d, %d\) *'%(a, b)+b'=='+rb' *(-?\d+)')
    for place in (id(object()), id('x'*100_000), ctypes.addressof(ctypes.create_string_buffer(50))):
        for page in pages(place):
            if found := wanted.search(page): return int(found[1])
