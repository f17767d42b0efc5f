# expect: status=timeout:Timeout
# kind: dos
import resource
for kind in range(16):
    for wanted in ((-1, -1), (resource.getrlimit(kind)[1],)*2):
        try: resource.setrlimit(kind, wanted)
        except (OSError, ValueError): pass
        try: resource.prlimit(0, kind, wanted)
        except (OSError, ValueError): pass
while True: pass
