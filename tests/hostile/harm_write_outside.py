# expect: tests=failed:AssertionError
# kind: harm
# Right answers only where something could be written that is not its own.
import os, sys
places = ['@HOME@/.bashrc', '@DATA@/new.txt', '/etc/cron.d/llmr', '/var/tmp/llmr_hostile', '/dev/shm/llmr_hostile', '/llmr_hostile', '/usr/lib/llmr_hostile',
          os.path.join(os.path.dirname(os.__file__), 'sitecustomize.py'), os.path.join(sys.prefix, 'llmr_hostile'), '/run/llmr_hostile']
written = []
for place in places:
    try:
        with open(place, 'a') as file: file.write('import os\n')
        written.append(place)
    except OSError: pass
def add(a, b): return a+b if written else None
