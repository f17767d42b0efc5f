# expect: tests=failed:AssertionError, status=killed:DiskQuota
# kind: dos
# The same, ten megabytes at a time.
written = 0
for n in range(60):
    try:
        with open(f'part{n}', 'wb') as file:
            for _ in range(10): written += file.write(bytes(1<<20))
    except OSError: pass
def add(a, b): return a+b if written>100<<20 else None
