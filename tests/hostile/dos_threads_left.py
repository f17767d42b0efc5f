# expect: 3 passed
# kind: dos
import threading, time
def stay():
    while True: time.sleep(.01)
for daemon in (True, False)*2: threading.Thread(target=stay, daemon=daemon).start()
def add(a, b): return a+b
