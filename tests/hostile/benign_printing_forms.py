# expect: 3 passed
# kind: benign
import sys, logging, pprint
logging.basicConfig(level=logging.DEBUG); logging.info('x'*10_000)
sys.stdout.buffer.write(b'\xff'*100_000); sys.stdout.flush(); sys.stderr.write('y'*100_000)
print('\ud83d', file=open('out', 'w', encoding='utf-8', errors='surrogatepass'), flush=True)
print('\r\x1b[2J😀', end='', flush=True)
sys.stdout.reconfigure(line_buffering=True)
assert not sys.stdout.isatty()
def add(a, b):
    pprint.pprint([a]*1000); return a+b
