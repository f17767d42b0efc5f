# expect: 3 passed
# kind: harm
# What it was given open is the machine's own. Sets the mode that it has already; right answers only if that is refused.
import os
won = []
for n in range(3):
    for step in (lambda: os.fchmod(n, 0o666), lambda: os.fchown(n, -1, -1), lambda: os.utime(n), lambda: os.setxattr(n, 'user.llmr', b'')):
        try: step(); won.append(n)
        except OSError: pass
def add(a, b): return won or a+b
