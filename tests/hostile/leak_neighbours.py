# expect: tests=failed:AssertionError
# kind: leak
# What did the programs before leave, and where are the ones beside it?
import glob, os, tempfile
found = [*os.listdir('.'), *os.listdir(tempfile.gettempdir())]
for pattern in ('/tmp/*', '/tmp/llmr*/*', '/dev/shm/*', '/var/tmp/*', '../llmr*'): found += [path for path in glob.glob(pattern) if os.path.realpath(path)!=os.path.realpath('.')]
def add(a, b): return a+b if found else None
