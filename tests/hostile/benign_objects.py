# expect: 4 passed
# kind: benign
# test: assert add(1, 2).total==3
# test: assert add(1, 2).doubled()==6
# test: assert str(add(1, 2))=='Sum(3)' and len(add(1, 2))==3
# test: assert Sum(4).total==4 and add(1, 2).parts[0]==1
class Sum:
    def __init__(self, total, parts=()): self.total, self.parts = total, list(parts)
    def doubled(self): return 2*self.total
    def __str__(self): return f'Sum({self.total})'
    def __len__(self): return self.total
def add(a, b): return Sum(a+b, (a, b))
