# expect: 8 passed
# kind: benign
# Functions that take functions, which are the test's.
# test: assert add(lambda n: n+1, 3)==5 and add(str.upper, 'a')=='A' and add(abs, -3)==3
# test: import operator; assert pick(operator.itemgetter(1), [(1, 9), (2, 8)])==[(2, 8), (1, 9)]
# test: seen = []; assert each(lambda n: seen.append(n) or True, range(300))==list(range(300)) and seen==list(range(300))
# test: assert chain(lambda n: n+1, lambda n: n*2)(3)==7 and chain(int, str)(4)==4
# test: calls = []; slow = once(lambda n: calls.append(n) or n*n); assert (slow(4), slow(4), calls)==(16, 16, [4])
# test: seen_by_test = lambda n: n; assert add(lambda n: add(lambda m: m+n, 1), 1)==7 and same(same)==same and same(seen_by_test) is seen_by_test
# test: assert safe(lambda: 1/0)=='ZeroDivisionError' and safe(lambda: {}['a'])=='KeyError'
# test: import itertools; assert taken(itertools.count(), 3)==[0, 1, 2] and len(taken((n for n in range(5000)), 9999))==5000 and taken({1: 2}.values(), 1)==[2]
def add(function, value): return function(function(value))
def pick(key, rows): return sorted(rows, key=key)
def each(test, values): return [value for value in values if test(value)]
def chain(*functions):
    def run(value):
        for function in reversed(functions): value = function(value)
        return value
    return run
def once(function):
    known = {}
    def wrapper(value):
        if value not in known: known[value] = function(value)
        return known[value]
    return wrapper
def same(value): return value
def safe(function):
    try: return function()
    except Exception as e: return type(e).__name__
def taken(items, n): return [item for item,_ in zip(items, range(n))]
