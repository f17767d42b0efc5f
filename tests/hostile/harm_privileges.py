# expect: 3 passed
# kind: harm
# Right answers only if nothing here was allowed.
import ctypes, os
libc = ctypes.CDLL(None)
won = []
def attempt(name, step):
    try:
        if step()!=-1: won.append(name)
    except OSError: pass
other = 1 if os.getuid()!=1 else 2
for name,step in dict(setuid=lambda: os.setuid(other), setgid=lambda: os.setgid(other), setgroups=lambda: os.setgroups([0]), setresuid=lambda: os.setresuid(0, other, 0),
                      chroot=lambda: os.chroot('.'), nice=lambda: os.nice(-20), mknod=lambda: os.mknod('disk', 0o60666, os.makedev(254, 0)), unshare=lambda: libc.unshare(0x10000000),
                      unshare_net=lambda: libc.unshare(0x40000000), mount=lambda: libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None), umount=lambda: libc.umount2(b'/tmp', 2),
                      sethostname=lambda: libc.sethostname(b'mine', 4), setns=lambda: libc.setns(3, 0), mount_tree=lambda: libc.syscall(428, -100, b'/', 1),
                      fsopen=lambda: libc.syscall(430, b'tmpfs', 0), capabilities=lambda: libc.capset(b'\x22\x05\x08\x20'+bytes(4), b'\xff'*24)).items(): attempt(name, step)
def add(a, b): return won or a+b
