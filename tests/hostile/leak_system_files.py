# expect: tests=failed:AssertionError
# kind: leak
import io, os
found = []
for path in ('/etc/shadow', '/etc/passwd', '/etc/hostname', '/etc/machine-id', '@HOME@/notes.txt', '/root/.bashrc', '/var/log/dpkg.log', '/boot', '/home', '/etc/ssl'):
    for look in (lambda: io.open(path).read(), lambda: os.listdir(path), lambda: os.read(os.open(path, os.O_RDONLY), 10)):
        try: found.append(look())
        except OSError: pass
def add(a, b): return a+b if found else None
