# expect: 4 passed
# kind: benign
# test: assert add(1, 1)==2 and calls==1
# test: assert add(1, 1)==2 and calls==2
# test: assert seen==[(1, 1), (1, 1)] and [add(1, k) for k in range(3)]==[1, 2, 3] and len(seen)==5
# test: assert LIMIT==10
calls, seen, LIMIT = 0, [], 10
def add(a, b):
    global calls
    calls += 1; seen.append((a, b))
    return a+b
