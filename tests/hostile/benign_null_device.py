# expect: 3 passed
# kind: benign
import os, random, sys
from contextlib import redirect_stdout
def add(a, b):
    with open(os.devnull, 'w') as null, redirect_stdout(null): print(a, b)
    with open(os.devnull) as null: assert null.read()==''
    return a+b if len(os.urandom(8))==8 and random.SystemRandom().random()<1 else None
