"""The process inside the sandbox: it imports what programs import, forks a child for each program, and ends it.

`judge.py` starts it as `python zygote.py SETTINGS`; the settings name its control socket. Commands are single bytes:
`F`, `T` and `M` with
descriptors fork a child that runs a program, tests or a script; `K` kills that child and returns how it ended. The
zygote never reads anything that a program wrote.
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

FILES = 64                      # open files of a program
PENDING = 256                   # signals and timers of all processes of a user
REPORT = struct.Struct('!idq')  # wait status, CPU seconds, largest resident set in KiB


def warm_up():
    "Import what programs import, fix what could make two runs differ, and hide our own modules."
    register, os.register_at_fork = os.register_at_fork, lambda **_: None # or each child would seed `random` anew
    for name in layers.WARM: __import__(name)
    os.register_at_fork = register
    sys.modules['random'].seed(0)
    time.tzset()
    library = sys.base_prefix, os.path.dirname(os.__file__)
    sys.path[:] = [path for path in sys.path if path.startswith(library)]
    for name in ('child', 'harmless', 'inside', 'layers', 'rewrite', 'tester', 'wire'): sys.modules.pop(name, None)
    sys.argv[:] = sys.orig_argv[:] = ['solution.py']
    gc.collect()
    gc.disable()
    gc.freeze()


def enter(settings):
    "Isolate this process. Returns its directory for temporary files. Raises: `OSError` where that is impossible."
    if settings['level']=='namespaces':
        if settings['processes']: sys.executable = os.path.realpath(sys.executable) # as programs find it
        layers.enter_namespaces(settings['tmp_mb'], settings['packages'], settings['processes'])
        sys.path.append(layers.PACKAGES)
        continue_supervised(settings['tmp_mb'], bool(settings['processes']))
        return layers.TMP
    tmp, packages = (os.path.join(settings['directory'], name) for name in ('tmp', 'packages'))
    if settings['packages']: sys.path.append(packages)
    continue_in_fork(after=lambda: layers.remove_directory(settings['directory']))
    if settings['level']=='landlock': layers.enter_landlock(tmp, [packages, *settings['packages'].values()])
    elif sys.platform=='linux': layers.adopt_orphans()
    return tmp


def continue_in_fork(after):
    "Continue in a child. The parent is not isolated, and calls `after` when the child has ended."
    pid = os.fork()
    if not pid:
        if sys.platform=='linux': layers.die_with_parent()
        return
    os.waitpid(pid, 0)
    after()
    os._exit(0)


def continue_supervised(tmp_mb, processes):
    """Continue as the first process of the pid namespace, without capabilities and with a filter. Children inherit
    both: setting them up for each child would take as long as the fork. The parent stays outside, and lets only this
    process fork."""
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
    listener = layers.enter_seccomp(layers.seccomp_filter(processes=processes), supervised=True)
    theirs.send(str(listener).encode())
    theirs.recv(1)
    os.close(listener)


def serve(control, settings, tmp):
    "Obey the judge until it closes its end. Children inherit the limits, except those on time."
    limit_children(settings)
    os.umask(0o077)
    os.chdir(tmp)
    isolation, untouched = child.Isolation(settings), state_of(tmp)
    while True:
        open_streams()
        command, fds, *_ = socket.recv_fds(control, 1, 3)
        if not command: return
        pid = os.fork()
        if not pid: child.main(command, fds, control, isolation)
        for fd in fds: os.close(fd)
        command = control.recv(1)
        report = finish(pid, settings['processes'])
        if state_of(tmp)!=untouched: untouched = clean(settings, tmp)
        if not command: return
        control.sendall(report)


def limit_children(settings):
    "Set the limits that are the same for each child."
    file_mb = settings['file_mb']
    # files that were deleted while they are open: all of them together fit in the quota
    if settings['level']!='namespaces': file_mb = min(file_mb, settings['tmp_mb']//FILES)
    layers.limit_resources(AS=settings['memory_mb']<<20, FSIZE=file_mb<<20, NOFILE=FILES, CORE=0, STACK=8<<20,
                           MSGQUEUE=0, MEMLOCK=0, SIGPENDING=PENDING)


def open_streams():
    """Open standard streams for the next program. Inside the sandbox, so that it cannot change the machine's device;
    and anew for each program, since flags and locks belong to an open file."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3): os.dup2(null, descriptor)
    os.close(null)


def finish(pid, processes):
    "Kill a child and whatever it started. Returns how it ended."
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    if processes: layers.kill_all()
    else: layers.kill_orphans()
    return REPORT.pack(status, usage.ru_utime+usage.ru_stime, usage.ru_maxrss)


def clean(settings, tmp):
    "Remove everything that a program left. Returns the state of the empty directory."
    if settings['level']=='namespaces': layers.ask_for_new_tmp()
    else: layers.empty_directory(tmp)
    os.chdir(tmp)
    return state_of(tmp)


def state_of(tmp):
    "What differs once a program has used the directory: its entries, its mode, and the time of its last change."
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
    if settings['processes']: os.environ['PATH'] = ':'.join([os.path.dirname(sys.executable), *layers.PROGRAMS])
    control.sendall(json.dumps(dict(python=sys.version_info[:2])).encode()+b'\n')
    serve(control, settings, tmp)


if __name__=='__main__': main()
