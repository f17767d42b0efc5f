# expect: 3 passed
# kind: dos
class Name(str):
    def __eq__(self, other): return True
    def __hash__(self): return hash('other')
    def __len__(self): return -1
def add(a, b): return a+b
globals().update({Name('x'): 7})
vars()[3] = vars()[None] = vars()[(1, 2)] = 5
