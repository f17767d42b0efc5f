# expect: tests=failed:AssertionError
# kind: leak
import glob, os
seen = []
for path in ['/proc/self/status', '/proc/1/cmdline', f'/proc/{os.getppid()}/cmdline', '/proc/@VICTIM@/cmdline', '/proc/version', '/proc/mounts', '/sys/class', *glob.glob('/proc/[0-9]*/comm')]:
    try: seen.append(open(path, 'rb').read() if os.path.isfile(path) else os.listdir(path))
    except OSError: pass
for link in ('/proc/@VICTIM@/cwd', '/proc/@VICTIM@/exe', '/proc/1/root'):
    try: seen.append(os.readlink(link))
    except OSError: pass
def add(a, b): return a+b if seen else None
