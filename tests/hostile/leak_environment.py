# expect: tests=failed:AssertionError
# kind: leak
# os.environ, what C sees, and what lies around on the stack.
import ctypes, glob, os
secret = 'LLMR_TEST_'+'SECRET'
texts = [str(dict(os.environ)), str(dict(os.environb)), os.popen.__module__]
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
n = 0
while environ and environ[n]:
    texts.append(environ[n].decode('utf-8', 'replace'))
    n += 1
for path in glob.glob('/proc/*/environ')+['/proc/self/environ', f'/proc/{os.getppid()}/environ', '/proc/1/environ']:
    try: texts.append(open(path, 'rb').read().decode('utf-8', 'replace'))
    except OSError: pass
texts.append(str(ctypes.CDLL(None).getenv(secret.encode()) or ''))
def add(a, b): return a+b if any(secret in text for text in texts) or texts[-1] else None
