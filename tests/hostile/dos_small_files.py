# expect: status=module_error:OSError, status=killed:DiskQuota, status=timeout:Timeout
# kind: dos
n = 0
while True:
    open(f'small{n}', 'w').close()
    n += 1
