# expect: 8 passed
# kind: benign
# test: assert add('date', 0)==datetime.date(2024, 2, 29) and str(add('date', 0))=='2024-02-29'
# test: assert add('datetime', 0)==datetime.datetime(2024, 2, 29, 1, 2, 3, 4)
# test: assert add('time', 0)==datetime.time(1, 2) and add('delta', 0)==datetime.timedelta(days=1, microseconds=1)
# test: assert add(datetime.date(2024, 2, 28), 1)==datetime.date(2024, 2, 29)
# test: assert add('type', 0) is int and add('types', 0)==[int, str, ValueError]
# test: assert add(float, 'echo') is float
# test: assert add(iter([1, 2]), 'next')==1
# test: assert add((n for n in [4, 5]), 'next')==4
import datetime
def add(a, b):
    if b=='next': return next(a)
    if b=='echo': return a
    if isinstance(a, datetime.date): return a+datetime.timedelta(b)
    return dict(date=datetime.date(2024, 2, 29), datetime=datetime.datetime(2024, 2, 29, 1, 2, 3, 4), time=datetime.time(1, 2), delta=datetime.timedelta(1, 0, 1), type=int, types=[int, str, ValueError])[a]
