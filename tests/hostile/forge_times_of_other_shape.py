# expect: 0 passed
# kind: forge
import socket, struct, os
s = socket.socket(fileno=3)
def send(t): s.sendall(struct.pack('!I', len(t))+t)
send(b'["ready",["add"],[],{}]')
forms = [b'["y","%s"]' % (b'9'*100), b'["z",1e308]', b'["z",["j"],["h","int"]]', b'["j",["j",["j"]]]', b'["h","__loader__"]', b'["h","__import__"]', b'["h","\\ud800"]', b'["h",""]', b'["x","2024-01-01T00:00:00+23:59:59.999999"]', b'["w",null]', b'["s",["j"],["h","type"]]']
n = 0
while True:
    h = s.recv(4, 256)
    if len(h)<4: os._exit(0)
    s.recv(struct.unpack('!I', h)[0], 256)
    send(b'["v",%d,%s]' % (n, forms[(n+os.getpid())%len(forms)]))
    n += 1
