# expect: tests=error:ValueError
# kind: dos
import os, sys
text = sys.stdin.read()+os.read(0, 100).decode()
def add(a, b): return int(text)
