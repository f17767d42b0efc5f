# expect: tests=failed:AssertionError
# kind: leak
# Is told of every file that others open, make or delete there.
import ctypes
libc = ctypes.CDLL(None)
watch = libc.inotify_init1(0o4000)
seen = [path for path in (b'@DATA@', b'@HOME@', b'/etc', b'/tmp', b'/usr/lib') if libc.inotify_add_watch(watch, path, 0xfff)>=0]
def add(a, b): return a+b if seen else None
