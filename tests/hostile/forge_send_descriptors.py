# expect: 0 passed
# kind: forge
# Descriptors by the hundred, and false papers, over the channel.
import os, socket, stat, struct
for d in range(3, 64):
    try:
        if not stat.S_ISSOCK(os.fstat(d).st_mode): continue
    except OSError: continue
    peer = socket.socket(fileno=os.dup(d))
    peer.setblocking(False)
    null = os.open('/dev/null', os.O_RDONLY)
    for _ in range(300):
        for extra in ((socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack('40i', *[null]*40)), (socket.SOL_SOCKET, 2, struct.pack('3i', 1, 0, 0))):
            try: peer.sendmsg([b'\0\0\0\2[]'], [extra])
            except OSError: pass
def add(a, b): return None
