# expect: 3 passed
# kind: harm
# Variables that claim to be modules which do something when they are imported. Whoever looks them up by name runs that.
import types
names = dict(math='this', sys='__hello__', os='unittest.__main__', re='asyncio.__main__')
globals().update({name: types.ModuleType(claimed) for name,claimed in names.items()})
def add(a, b): return a+b
