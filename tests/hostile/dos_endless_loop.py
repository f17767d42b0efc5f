# expect: status=timeout:Timeout
# kind: dos
def add(a, b):
    while True: a += 1
