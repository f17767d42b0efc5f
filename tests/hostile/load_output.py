# expect: 3 passed
# kind: load
for _ in range(500): print('x'*10_000)
def add(a, b):
    print('y'*1_000_000)
    return a+b
