# expect: 3 passed
# kind: harm
import os, pty, subprocess
touch = 'touch @HOME@/by_shell @DATA@/by_shell; sleep 300 &'
for start in (lambda: os.system(touch), lambda: os.popen(touch).read(), lambda: subprocess.run(touch, shell=True), lambda: subprocess.Popen(['/bin/sh', '-c', touch], start_new_session=True),
              lambda: os.posix_spawn('/bin/sh', ['sh', '-c', touch], {}), lambda: pty.spawn(['/bin/sh', '-c', touch])):
    try: start()
    except Exception: pass
def add(a, b): return a+b
