# expect: status=timeout:Timeout
# kind: dos
def add(a, b):
    while True:
        try:
            while True: pass
        except BaseException: continue
        finally: add(a, b)
