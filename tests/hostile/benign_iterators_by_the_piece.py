# expect: 8 passed
# kind: benign
# Endless ones, of which a test takes some.
# test: numbers = add(1, 2); assert [next(numbers) for _ in range(5)]==[1, 2, 3, 5, 8]
# test: import itertools; assert list(itertools.islice(add(1, 2), 500))[:3]==[1, 2, 3]
# test: assert next(n for n in add(1, 2) if n>100)==144
# test: short = few(3); next(short); assert list(short)==[1, 2] and list(short)==[] and next(short, 'end')=='end'
# test: assert list(zip(few(3), Count()))==[(0, 0), (1, 1), (2, 2)] and sum(few(100_000))==4999950000
# test: means = mean(); next(means); assert means.send(10)==10 and means.send(20)==15
# test: rows = growing(); assert [len(row) for _,row in zip(range(300), rows)]==list(range(1, 301))
# test: from collections.abc import Iterator; assert isinstance(few(3), Iterator) and hasattr(few(3), '__next__') and not isinstance(Count(), Iterator) and not hasattr(Count(), '__next__')
def add(a, b):
    while True:
        yield a
        a, b = b, a+b
def few(n):
    for k in range(n): yield k
class Count:
    def __iter__(self):
        n = 0
        while True:
            yield n
            n += 1
def mean():
    total, n, value = 0, 0, None
    while True:
        total += yield value
        n += 1
        value = total/n
def growing():
    row = []
    while True:
        row.append(len(row))
        yield row
