# expect: 0 passed
# kind: dos
# test: assert add(1, 2) == 3
# test: assert add(list(range(300_000)), 1) == 3
# Answers once and never reads again, while there is more to send than a socket holds.
import socket, struct, time
def add(a, b): pass
channel = socket.socket(fileno=3)
for text in (b'["ready",["add"],[],{}]', b'["v",0,null]'): channel.sendall(struct.pack('!I', len(text))+text)
time.sleep(1e6)
