# expect: 0 passed
# kind: dos
# test: assert all(add('x'*1000, n) for n in range(100_000)) and add(1, 2) is None
# Many answers ahead, and none of the questions read.
import socket, struct, time
def add(a, b): pass
channel = socket.socket(fileno=3)
def send(text): channel.sendall(struct.pack('!I', len(text))+text)
send(b'["ready",["add"],[],{}]')
for n in range(2000): send(b'["v",%d,1]' % n)
time.sleep(1e6)
