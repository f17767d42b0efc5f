# expect: tests=failed:AssertionError
# kind: harm
# Right answers only if a socket of some family could be made.
import socket
made = []
for family in (1, 2, 10, 16, 17, 31, 38, 40, 44):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try: made.append(socket.socket(family, kind))
        except OSError: pass
def add(a, b): return a+b if made else None
