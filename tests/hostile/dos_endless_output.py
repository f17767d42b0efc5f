# expect: status=timeout:Timeout
# kind: dos
import os, sys
while True:
    for write in (lambda: print('x'*100_000), lambda: sys.stderr.write('y'*100_000), lambda: os.write(1, b'z'*100_000), lambda: os.write(2, b'\0'*100_000)):
        try: write()
        except Exception: pass
