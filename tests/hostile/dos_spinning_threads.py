# expect: status=timeout:Timeout
# kind: dos
import hashlib, threading
def spin():
    while True: hashlib.sha256(bytes(1_000_000))
for _ in range(6): threading.Thread(target=spin).start()
def add(a, b):
    while True: pass
