# expect: 3 passed
# kind: dos
# Lets everybody go first: then a second of its own time takes minutes of theirs. Right answers only if it may not.
import os
polite = []
for step in (lambda: os.nice(19), lambda: os.setpriority(os.PRIO_PROCESS, 0, 19), lambda: os.setpriority(os.PRIO_PGRP, 0, 19), lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))):
    try: step(); polite.append(step)
    except OSError: pass
def add(a, b): return a+b if not polite else None
