# expect: 3 passed
# kind: harm
# One end of a pair of datagram sockets can send to any path, and to any abstract name.
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
    for address in ('@DATA@/inbox', '\0llmr-inbox-@PORT@', '/dev/log', '/run/systemd/notify'):
        for step in (lambda s: s.sendto(b'stolen', address), lambda s: (s.connect(address), s.send(b'stolen')), lambda s: s.sendmsg([b'stolen'], [], 0, address)):
            one, other = socket.socketpair(socket.AF_UNIX, kind)
            one.setblocking(False)
            try: step(one)
            except OSError: pass
            one.close(), other.close()
def add(a, b): return a+b
