# expect: 6 passed
# kind: benign
# Functions that work in place, and tests that look at what they were given.
# test: numbers = [3, 1, 2]; assert add(numbers, 0) is None and numbers==[0, 1, 2, 3]
# test: grid = [[2, 1], [4, 3]]; turn(grid); assert grid==[[1, 2], [3, 4]]
# test: counts = {'a': 1}; count(counts, key='a'); count(counts, key='b'); assert counts=={'a': 2, 'b': 1}
# test: seen, text = {1}, bytearray(b'a'); grow(seen=seen, text=text); assert seen=={1, 9} and text==bytearray(b'az')
# test: waiting = deque([1, 2, 3]); waiting_first = add(waiting, 5); assert list(waiting)==[5, 1, 2, 3]
# test: kept = [1]; assert look(kept)==[1] and kept==[1]
from collections import deque
def add(a, b):
    if isinstance(a, deque): return a.appendleft(b)
    a.append(b)
    a.sort()
def turn(rows):
    for row in rows: row.reverse()
def count(counts, key): counts[key] = counts.get(key, 0)+1
def grow(seen, text):
    seen.add(9)
    text.extend(b'z')
def look(values): return list(values)
