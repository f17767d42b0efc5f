# expect: 3 passed
# kind: benign
# Three thousand names before the one that counts.
for n in range(3000): globals()[f'name_{n}'] = n
def add(a, b): return a+b
