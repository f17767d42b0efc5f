# expect: 3 passed
# kind: contaminate
# Leaves modules behind for whoever imports the real ones from here.
import os, tempfile
for folder in {os.getcwd(), tempfile.gettempdir(), os.path.expanduser('~')}:
    for name in ('random', 'json', 'math', 'heapq', 'colorsys', 'sitecustomize', 'usercustomize', 'wire', 'child', 'layers', 'solution'):
        try: open(f'{folder}/{name}.py', 'w').write('raise SystemExit("contaminated")\n')
        except OSError: pass
def add(a, b): return a+b
