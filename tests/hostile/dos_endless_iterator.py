# expect: tests=memory:MemoryError, status=timeout:Timeout
# kind: dos
# test: assert max(add(1, 2))==3
# test: assert 7 in add(1, 2)
class Same:
    def __iter__(self): return self
    def __next__(self): return 3
    def __length_hint__(self): return 10**15
def add(a, b): return Same()
