"""The process inside the sandbox: it imports what programs import, forks a child a program, and ends it when told.

Started by `judge.py` as `python zygote.py SETTINGS`, with its control socket named in the settings. It speaks one byte at a
time: `F` with a descriptor forks a child that serves it, `K` kills that child and is answered by how it ended. It never reads
anything that a program wrote.
"""
import gc
import json
import os
import random
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import child
import layers

REPORT = struct.Struct('!idq')  # wait status, CPU seconds, largest resident set in KiB


def warm_up():
    "Import what programs import, fix what could make two runs differ, and leave nothing of ours to import."
    for name in layers.COMMON: __import__(name)
    time.tzset()
    random.seed(0)
    sys.path[:] = [path for path in sys.path if path.startswith((sys.base_prefix, os.path.dirname(os.__file__)))]
    for name in ('child', 'layers', 'rewrite', 'wire'): sys.modules.pop(name, None)
    gc.collect()
    gc.disable()
    gc.freeze()


def enter(settings):
    "Put up the walls of one level; the directory for temporary files. Raises: `OSError` if the machine does not allow them."
    if settings['level']=='namespaces':
        layers.enter_namespaces(settings['tmp_mb'], settings['packages'])
        sys.path.append(layers.PACKAGES)
        go_on_in_fork(after=lambda: None)
        layers.no_new_privileges()
        return layers.TMP
    tmp, packages = (os.path.join(settings['directory'], name) for name in ('tmp', 'packages'))
    sys.path.append(packages)
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


def serve(control, settings, tmp):
    "Fork and kill as told, until the judge hangs up. Children inherit the limits; those on time are each child's own."
    layers.limit_resources(AS=settings['memory_mb']<<20, FSIZE=settings['file_mb']<<20, NOFILE=64, CORE=0, STACK=8<<20, MSGQUEUE=0, MEMLOCK=0)
    walls = child.Walls(settings, tmp)
    while True:
        told, fds, *_ = socket.recv_fds(control, 1, 1)
        if not told: return
        pid = os.fork()
        if not pid: child.main(socket.socket(fileno=fds[0]), control, walls)
        os.close(fds[0])
        told = control.recv(1)
        report = finish(pid)
        clean(settings, tmp)
        if not told: return
        control.sendall(report)


def finish(pid):
    "Kill a child and whatever it started; how it ended."
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    layers.kill_orphans()
    return REPORT.pack(status, usage.ru_utime+usage.ru_stime, usage.ru_maxrss)


def clean(settings, tmp):
    "Nothing that a program wrote is there for the next."
    if settings['level']!='namespaces': layers.empty_directory(tmp)
    elif os.listdir(tmp): layers.renew_tmp(settings['tmp_mb'])


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
