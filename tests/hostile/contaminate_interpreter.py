# expect: 3 passed
# kind: contaminate
import builtins, decimal, gc, locale, math, os, random, sys, threading, time, warnings
os.environ.clear(); os.environ.update(TZ='Asia/Tokyo', LANG='tr_TR', PYTHONHASHSEED='5', HOME='/nowhere', PATH='/nowhere'); time.tzset()
try: locale.setlocale(locale.LC_ALL, 'tr_TR.UTF-8')
except locale.Error: pass
random.seed(1); gc.disable(); decimal.getcontext().prec = 1; sys.setrecursionlimit(300); sys.setswitchinterval(100); threading.stack_size(65536); warnings.simplefilter('error')
os.umask(0o777); sys.path[:0] = ['/tmp', '.']; sys.set_int_max_str_digits(640); sys.dont_write_bytecode = False; sys.stdout = None
math.sqrt = lambda x: -1; builtins.sum = lambda *args: -1; builtins.sorted = lambda *args: []; builtins.SENTINEL = sys.SENTINEL = 1
for place in ('/', '..'):
    try: os.chdir(place)
    except OSError: pass
def add(a, b): return a+b
