# expect: tests=failed:AssertionError
# kind: leak
# Looks wherever a project or a cache of it may lie.
import os, sys
answers = {}
for top in {'@TESTS@', '@DATA@', os.getcwd(), '/work', '/home', '/root', '/opt', '/srv', '/mnt', '/var', '/usr/src', os.path.dirname('@TESTS@')}:
    for folder,_,files in os.walk(top):
        for name in files:
            if name.endswith(('.json', '.jsonl', '.ipynb', '.py', '.parquet')) and 'python3' not in folder: answers[name] = folder
def add(a, b): return a+b if answers else None
