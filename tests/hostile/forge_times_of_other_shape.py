# expect: 0 passed
# kind: forge
# test: assert add(0, 2) == 3
# test: assert add(1, 2) == 3
# test: assert add(2, 2) == 3
# test: assert add(3, 2) == 3
# test: assert add(4, 2) == 3
# Dates, types and iterators as no program of Python's would send them.
import socket, struct, os
s = socket.socket(fileno=3)
def send(t): s.sendall(struct.pack('!I', len(t))+t)
send(b'["ready",["add"],[],{}]')
forms = [b'["j",["j",["j"]]]', b'["h","__loader__"]', b'["x","2024-01-01T00:00:00+23:59:59.999999"]', b'["s",["j"],["h","type"]]', b'["z",1e308]']
n = 0
while True:
    h = s.recv(4, 256)
    if len(h)<4: os._exit(0)
    s.recv(struct.unpack('!I', h)[0], 256)
    send(b'["v",%d,%s]' % (n, forms[n%len(forms)]))
    n += 1
