# expect: status=module_error:OSError
# kind: dos
import mmap
maps = []
for _ in range(200):
    area = mmap.mmap(-1, 64<<20)
    for page in range(0, len(area), 1<<20): area[page] = 1
    maps.append(area)
def add(a, b): return a+b
