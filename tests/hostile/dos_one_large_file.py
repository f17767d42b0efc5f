# expect: tests=failed:AssertionError, status=killed:DiskQuota
# kind: dos
# Right answers only if 100 MB could be put somewhere.
written = 0
for folder in ('.', '/tmp', '/dev/shm', '/var/tmp', '@HOME@'):
    try:
        with open(f'{folder}/large', 'wb') as file:
            while written<200<<20: written += file.write(bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if written>100<<20 else None
