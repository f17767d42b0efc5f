# expect: 0 passed
# kind: forge
# Exceptions whose class has a name that is empty, enormous, someone else's, or no text that can be written.
# test: assert add(0, 0)==0
# test: assert add(1, 0)==1
# test: assert add(2, 0)==2
# test: assert add(3, 0)==3
# test: assert add(4, 0)==4
# test: assert add(5, 0)==5
names = ['', 'x'*10_000_000, 'AssertionError', 'Ended', '\ud800\udfff', '\n"},{"passed']
def add(a, b): raise type(names[a], (Exception,), {})('passed')
