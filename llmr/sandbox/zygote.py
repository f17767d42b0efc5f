"""The process inside the sandbox: it imports what programs import, forks a child a program, and ends it when told.

Started by `judge.py` as `python zygote.py SETTINGS`, with its control socket named in the settings. It speaks one byte at a
time: `F` with a descriptor forks a child that serves it, `K` kills that child and is answered by how it ended. It never reads
anything that a program wrote.
"""
import gc
import json
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import child
import layers

FILES = 64                      # that a program may have open
PENDING = 256                   # signals and timers, of which a user has so many in all
REPORT = struct.Struct('!idq')  # wait status, CPU seconds, largest resident set in KiB


def warm_up():
    "Import what programs import, fix what could make two runs differ, and leave nothing of ours to import."
    register, os.register_at_fork = os.register_at_fork, lambda **_: None # or `random` would seed itself anew in each child
    for name in layers.WARM: __import__(name)
    os.register_at_fork = register
    sys.modules['random'].seed(0)
    time.tzset()
    sys.path[:] = [path for path in sys.path if path.startswith((sys.base_prefix, os.path.dirname(os.__file__)))]
    for name in ('child', 'layers', 'rewrite', 'wire'): sys.modules.pop(name, None)
    sys.argv[:] = sys.orig_argv[:] = ['solution.py']
    gc.collect()
    gc.disable()
    gc.freeze()


def enter(settings):
    "Put up the walls of one level; the directory for temporary files. Raises: `OSError` if the machine does not allow them."
    if settings['level']=='namespaces':
        layers.enter_namespaces(settings['tmp_mb'], settings['packages'])
        sys.path.append(layers.PACKAGES)
        go_on_supervised(settings['tmp_mb'])
        return layers.TMP
    tmp, packages = (os.path.join(settings['directory'], name) for name in ('tmp', 'packages'))
    if settings['packages']: sys.path.append(packages)
    go_on_in_fork(after=lambda: layers.remove_directory(settings['directory']))
    if settings['level']=='landlock': layers.enter_landlock(tmp, [packages, *settings['packages'].values()])
    elif sys.platform=='linux': layers.adopt_orphans()
    return tmp


def go_on_in_fork(after):
    "The caller goes on as a child (in a new pid namespace: as its first process); its parent stays outside of the walls, and tidies up when it ends."
    pid = os.fork()
    if not pid: return layers.die_with_parent() if sys.platform=='linux' else None
    os.waitpid(pid, 0)
    after()
    os._exit(0)


def go_on_supervised(tmp_mb):
    """The caller goes on as the first process of its pid namespace, without a capability and behind the filter, both of which its children
    inherit: putting them up for each child would cost as much as the fork. Its parent stays outside and lets it, and nobody else, fork."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid:
        listener = layers.descriptor_of(pid, int(ours.recv(16)))
        ours.send(b'!')
        layers.supervise(listener, pid, tmp_mb)
        os.waitpid(pid, 0)
        os._exit(0)
    layers.die_with_parent()
    layers.no_new_privileges()
    layers.drop_capabilities()
    listener = layers.enter_seccomp(layers.seccomp_filter(), supervised=True)
    theirs.send(str(listener).encode())
    theirs.recv(1)
    os.close(listener)


def serve(control, settings, tmp):
    "Fork and kill as told, until the judge hangs up. Children inherit the limits; those on time are each child's own."
    file_mb = settings['file_mb'] if settings['level']=='namespaces' else min(settings['file_mb'], settings['tmp_mb']//FILES) # open files without a name count for no directory
    layers.limit_resources(AS=settings['memory_mb']<<20, FSIZE=file_mb<<20, NOFILE=FILES, CORE=0, STACK=8<<20, MSGQUEUE=0, MEMLOCK=0, SIGPENDING=PENDING)
    os.umask(0o077)
    os.chdir(tmp)
    walls, untouched = child.Walls(settings), look(tmp)
    while True:
        fresh_streams()
        told, fds, *_ = socket.recv_fds(control, 1, 1)
        if not told: return
        pid = os.fork()
        if not pid: child.main(socket.socket(fileno=fds[0]), control, walls)
        os.close(fds[0])
        told = control.recv(1)
        report = finish(pid)
        if look(tmp)!=untouched: untouched = clean(settings, tmp)
        if not told: return
        control.sendall(report)


def fresh_streams():
    "Standard streams for the next program: opened inside the walls, so that nothing about the machine's own can be changed, and anew, since flags and locks belong to an open file."
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3): os.dup2(null, descriptor)
    os.close(null)


def finish(pid):
    "Kill a child and whatever it started; how it ended."
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    layers.kill_orphans()
    return REPORT.pack(status, usage.ru_utime+usage.ru_stime, usage.ru_maxrss)


def clean(settings, tmp):
    "Nothing that a program left is there for the next; how that looks."
    if settings['level']=='namespaces': layers.ask_for_new_tmp()
    else: layers.empty_directory(tmp)
    os.chdir(tmp)
    return look(tmp)


def look(tmp):
    "What would show that a program has been at the directory: its entries, its mode, and when it was last changed in any way."
    state = os.stat(tmp)
    return os.listdir(tmp) if os.access(tmp, os.R_OK) else None, state.st_mode, state.st_ctime_ns


def main():
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=settings['control'])
    try:
        warm_up()
        tmp = enter(settings)
    except OSError as e:
        control.sendall(json.dumps(dict(error=str(e))).encode()+b'\n')
        return
    os.environ.clear()
    os.environ.update(HOME=tmp, TMPDIR=tmp, LANG='C.UTF-8', TZ='UTC', OPENBLAS_NUM_THREADS='1', OMP_NUM_THREADS='1')
    control.sendall(b'{}\n')
    serve(control, settings, tmp)


if __name__=='__main__': main()
