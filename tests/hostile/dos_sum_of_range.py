# expect: status=timeout:Timeout
# kind: dos
import collections, itertools
def add(a, b): return collections.deque(itertools.count(), maxlen=0)
