"""Isolation by what the kernel allows: namespaces, landlock, seccomp, resource limits.

The levels, from the strongest to the weakest:

- `namespaces`: user, mount, pid, network, IPC namespaces and a host name of its own; a root directory with nothing
  in it but the standard library, read-only, and a private /tmp in memory; seccomp and resource limits on top.
- `landlock`: the same seccomp filter and limits; the file system is read-only, and readable only where Python lies,
  though names, sizes and times of files can be seen everywhere; a private directory for temporary files.
- `rlimits`: resource limits alone (macOS, old kernels). Against accidents, not against malice.
"""
import ctypes
import errno
import fcntl
import glob
import os
import platform
import resource
import select
import socket
import struct
import sys

LEVELS = ('namespaces', 'landlock', 'rlimits')
# Modules that are imported before a program starts. Not `threading`, nor what imports it: what it does after a fork
# takes a third of the fork's time.
WARM = """abc array bisect calendar cmath collections collections.abc contextlib copy dataclasses datetime decimal enum
fractions functools heapq io itertools json math numbers operator random re statistics string struct textwrap time
traceback types typing unicodedata warnings""".split()
# Modules that the judge imports for test code when a program has them: importing one does nothing else.
COMMON = frozenset(WARM) | frozenset("""base64 colorsys csv difflib errno glob hashlib html keyword os pprint queue
shutil sys tempfile urllib.parse uuid zlib""".split())

TMP, PACKAGES = '/tmp', '/packages'
ENTRIES = 8192    # files and directories that a program may have in its scratch directory

MAX_CASE_S = 30.   # most processor seconds that a test of standard input may give a program

HASH_SEED = '0'   # of every interpreter here: the order of a set decides some grades
KEPT_ENVIRONMENT = ('LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'PYTHONHOME')

_libc = ctypes.CDLL(None, use_errno=True)


def _call(what, *args):
    "Call a libc function by name, or a system call by number. Raises: `OSError`."
    if isinstance(what, int): function, args = _libc.syscall, (ctypes.c_long(what), *args)
    else: function = getattr(_libc, what)
    result = function(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    if result<0: raise OSError(ctypes.get_errno(), f'{what}: {os.strerror(ctypes.get_errno())}')
    return result


def _prctl(option, *args): return _call('prctl', option, *args, *[0]*(4-len(args)))


def clean_environment():
    "Environment of our processes: only what Python needs to start, and what makes two runs the same."
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return kept | dict(PYTHONHASHSEED=HASH_SEED, TZ='UTC', LANG='C.UTF-8', LC_ALL='C.UTF-8')


# Namespaces

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
_SET_FLAGS, _UP = 0x8914, 0x41 # of a network interface
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
SYS_PIVOT_ROOT = dict(x86_64=155, aarch64=41)
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
PROGRAMS = ('/bin', '/usr/bin', '/usr/local/bin') # that a program may start, where it may start any
CLONE_PARENT = 0x8000
_NEW = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x2000000
DEVICES = ('/dev/null', '/dev/zero', '/dev/random', '/dev/urandom')


def python_paths():
    "Directories that Python needs to import the standard library: its own, and those of shared libraries."
    paths = {os.path.dirname(os.path.realpath(os.__file__)), '/lib', '/lib64', '/lib32', '/usr/lib', '/usr/lib64',
             '/usr/share/zoneinfo'}
    if getattr(sys, 'base_prefix', '').rstrip('/') not in ('', '/usr'): paths.add(os.path.join(sys.base_prefix, 'lib'))
    paths = {path for path in paths if os.path.isdir(path)}
    tops = tuple(f'{path}/' for path in paths if not os.path.islink(path))
    return sorted(path for path in paths if not path.startswith(tops))


def installed_packages():
    "Directories below `python_paths` that contain installed packages: their data may be a benchmark with its answers."
    patterns = [f'{glob.escape(path)}/{below}*-packages' for path in python_paths() for below in ('', 'python*/')]
    places = {os.path.realpath(place) for pattern in patterns for place in glob.glob(pattern)}
    return sorted(place for place in places if os.path.isdir(place))


def _mount(source, target, kind=None, flags=0, options=None):
    source, target, kind, options = (value and os.fsencode(value) for value in (source, target, kind, options))
    _call('mount', source, target, kind, flags, options)


def _read_only(path, recursive=True, device=False):
    flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (0 if device else MOUNT_ATTR_NODEV)
    attributes = struct.pack('QQQQ', flags, 0, 0, 0)
    _call(SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), AT_RECURSIVE if recursive else 0, attributes, len(attributes))


def _bind(root, path, place=None):
    """Show `path` below `root`, in its own place or another; where it is now, if it was mounted. A symbolic link is
    copied as a link."""
    target = root+(place or path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target): return None
    if os.path.islink(path): return os.symlink(os.readlink(path), target)
    if os.path.isdir(path): os.mkdir(target)
    else: os.close(os.open(target, os.O_CREAT, 0o600))
    _mount(path, target, None, MS_BIND | MS_REC)
    return target


def fresh_tmp(tmp_mb):
    "Mount an empty file system in memory on /tmp."
    _mount('tmpfs', TMP, 'tmpfs', MS_NOSUID | MS_NODEV, f'size={tmp_mb}m,nr_inodes={ENTRIES},mode=1777')


def renew_tmp(tmp_mb):
    "Replace /tmp by an empty one, whatever its files, mode and attributes are."
    _call('umount2', os.fsencode(TMP), MNT_DETACH)
    fresh_tmp(tmp_mb)


def enter_namespaces(tmp_mb, packages, processes=0):
    """Leave the machine behind, except for Python and `packages` (name to path). The next fork is the first process
    of the new pid namespace. Where programs may start `processes`, they have some to start, a loopback interface, and
    semaphores. Raises: `OSError` where the machine does not allow that."""
    _unshare()
    _call('sethostname', b'sandbox', 7)
    root = '/proc' # a directory that every machine has; the new root is mounted on it
    _mount(None, '/', None, MS_REC | MS_PRIVATE)
    _mount('tmpfs', root, 'tmpfs', MS_NOSUID, 'size=1m,mode=755')
    _show_python(root, packages)
    if processes: _show_programs(root)
    if os.path.exists(root+TMP): raise OSError(errno.EEXIST, f'Python lies below {TMP}, which is a directory of its own here')
    os.mkdir(root+TMP)
    os.chdir(root)
    _call(SYS_PIVOT_ROOT[platform.machine()], b'.', b'.')
    _call('umount2', b'.', MNT_DETACH)
    os.chdir('/')
    _read_only('/', recursive=False)
    fresh_tmp(tmp_mb)


def _show_programs(root):
    "Mount the machine's programs and Python's own below `root`, read-only, and make the loopback interface work."
    places = dict.fromkeys((*PROGRAMS, os.path.dirname(os.path.realpath(sys.executable))))
    for target in filter(None, [_bind(root, path) for path in places if os.path.exists(path)]): _read_only(target)
    os.symlink(TMP, f'{root}/dev/shm') # where a C library has its semaphores
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack('16sh22x', b'lo', _UP))


def _unshare():
    "Enter namespaces, with a user namespace where the machine has them; root can do without. Raises: `OSError`."
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    uid, gid = os.geteuid(), os.getegid()
    try:
        _call('unshare', flags | CLONE_NEWUSER)
        for name, text in (('setgroups', 'deny'), ('uid_map', f'1000 {uid} 1'), ('gid_map', f'1000 {gid} 1')):
            with open(f'/proc/self/{name}', 'w') as file: file.write(text)
    except OSError:
        if uid: raise
        _call('unshare', flags)


def _show_python(root, packages):
    "Mount Python, the devices that it needs and `packages` below `root`, read-only, and hide other installed packages."
    devices = [_bind(root, path) for path in DEVICES]
    folders = [_bind(root, path) for path in python_paths()]
    folders += [_bind(root, path, f'{PACKAGES}/{name}') for name, path in packages.items()]
    for place in installed_packages():
        if not os.path.isdir(root+place): continue
        _mount('tmpfs', root+place, 'tmpfs', MS_RDONLY | MS_NOSUID | MS_NODEV, 'size=4k')
    for target in filter(None, folders): _read_only(target)
    for target in filter(None, devices): _read_only(target, device=True)


# Landlock

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_FOLDER = 1<<1, 1<<2, 1<<3


def landlock_abi():
    "Version of landlock. Raises: `OSError` without landlock."
    return _call(_LANDLOCK_CREATE, None, 0, 1)


def _parts(path, hidden):
    "A directory without those `hidden` in it: itself, or its entries that are no links."
    if path in hidden: return
    if not any(place.startswith(f'{path}/') for place in hidden): yield path
    else:
        for entry in os.scandir(path):
            if not entry.is_symlink(): yield from _parts(entry.path, hidden)


def _allowed(readable):
    "Paths with the rights to them: Python's own directories without installed packages, `readable`, and devices."
    own, hidden = sorted({os.path.realpath(path) for path in python_paths()}), installed_packages()
    for path in own: yield path, _READ_FOLDER
    for path in (*[part for folder in own for part in _parts(folder, hidden)], *readable):
        yield path, _READ_FILE | _READ_FOLDER if os.path.isdir(path) else _READ_FILE
    for path in DEVICES: yield path, _READ_FILE | _WRITE_FILE


def enter_landlock(tmp, readable):
    """From here on and in every child, only Python's own directories and `readable` can be read, and only `tmp`
    written. Raises: `OSError` without landlock."""
    abi = landlock_abi()
    rights = (1<<(13 if abi<2 else 14 if abi<3 else 15 if abi<5 else 16))-1
    net, scope = (3 if abi>=4 else 0), (3 if abi>=6 else 0)
    attributes = struct.pack('QQQ', rights, net, scope)[:8 if abi<4 else 16 if abi<6 else 24]
    ruleset = _call(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    for path, access in (*_allowed(readable), (tmp, rights)):
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try: _call(_LANDLOCK_ADD, ruleset, 1, struct.pack('=Qi', access & rights, fd), 0)
        finally: os.close(fd)
    no_new_privileges()
    _call(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def no_new_privileges(): _prctl(38, 1)


# Seccomp: a list of what is refused, so that Python runs with any C library

EPERM, ENOSYS = 1, 38
_TABLES = dict(x86_64=(0xC000003E, 0), aarch64=(0xC00000B7, 1))
_REFUSED = """fork:57:- vfork:58:- execve:59:221 execveat:322:281 ptrace:101:117 process_vm_readv:310:270
process_vm_writev:311:271 process_madvise:440:440 process_mrelease:448:448 pidfd_open:434:434 pidfd_getfd:438:438
pidfd_send_signal:424:424 kcmp:312:272 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 tkill:200:130 socket:41:198
mount:165:40 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268 open_by_handle_at:304:265
name_to_handle_at:303:264 open_tree:428:428 move_mount:429:429 fsopen:430:430 fsconfig:431:431 fsmount:432:432
fspick:433:433 mount_setattr:442:442 bpf:321:280 perf_event_open:298:241 userfaultfd:323:282 io_setup:206:0
io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427 keyctl:250:219 add_key:248:217
request_key:249:218 memfd_create:319:279 memfd_secret:447:447 shmget:29:194 shmat:30:196 shmctl:31:195 semget:64:190
semop:65:193 semctl:66:191 semtimedop:220:192 msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180
mq_unlink:241:181 sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274 sched_setaffinity:203:122
ioprio_set:251:30 migrate_pages:256:238 move_pages:279:239 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142
swapon:167:224 swapoff:168:225 init_module:175:105 finit_module:313:273 delete_module:176:106 acct:163:89
quotactl:179:60 quotactl_fd:443:443 syslog:103:116 settimeofday:164:170 clock_settime:227:112 adjtimex:159:171
clock_adjtime:305:266 sethostname:170:161 setdomainname:171:162 iopl:172:- ioperm:173:- vhangup:153:58
personality:135:92 fanotify_init:300:262 modify_ldt:154:- connect:42:203 bind:49:200 sendmsg:46:211 sendmmsg:307:269
flock:73:32
setpriority:141:140 sync:162:81 syncfs:306:267 inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27"""
_METADATA = """chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54
utime:132:- utimes:235:- utimensat:280:88 futimesat:261:- setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7
removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16"""
_STARTING = 'fork:57:- vfork:58:- execve:59:221 socket:41:198 connect:42:203 bind:49:200' # for programs that may start others
_CHECKED = dict(kill=(62, 129), tgkill=(234, 131), clone=(56, 220), clone3=(435, 435), prctl=(157, 167),
                prlimit64=(302, 261), sendto=(44, 206), fcntl=(72, 25), ioctl=(16, 29), umount2=(166, 39),
                seccomp=(317, 277), socket=(41, 198), open=(2, None), openat=(257, 56), socketpair=(53, 199))
_TRUNCATE = 'truncate:76:45 openat2:437:437'
_LAST_KNOWN = 450  # a call newer than this list answers as an older kernel would


def _numbers(text, column):
    numbers = (entry.split(':')[1+column] for entry in text.split())
    return [int(number) for number in numbers if number!='-']


def _machine():
    "What the kernel calls this machine, and its column in the tables. Raises: `OSError` on an unknown one."
    if platform.machine() not in _TABLES: raise OSError(ENOSYS, f'no list of system calls for {platform.machine()}')
    return _TABLES[platform.machine()]


def _number(name): return _CHECKED[name][_machine()[1]]


# Instructions of a filter. Each tests the accumulator and says how many instructions to skip if so, and if not.
_LOAD, _EQUAL, _ABOVE, _BITS, _KEEP, _JUMP, _ANSWER = 0x20, 0x15, 0x25, 0x45, 0x54, 0x05, 0x06
_KILL, _ASK, _ALLOW = (_ANSWER, 0, 0, 0x80000000), (_ANSWER, 0, 0, 0x7FC00000), (_ANSWER, 0, 0, 0x7FFF0000)
_REFUSE, _LACKING = (_ANSWER, 0, 0, 0x50000 | EPERM), (_ANSWER, 0, 0, 0x50000 | ENOSYS)
_LOAD_MACHINE, _LOAD_NUMBER = (_LOAD, 0, 0, 4), (_LOAD, 0, 0, 0)
CLONE_THREAD = 0x10000


def _load(argument, high=False): return _LOAD, 0, 0, 16+8*argument+4*high


def _rule(name, *body):
    "Instructions for one system call; each ends in an answer, except where it skips them all."
    return [(_EQUAL, 0, len(body), _number(name)), *body]


def _refuse_commands(name, argument, commands):
    "Refuse a call with one of the `commands` as its argument."
    n = len(commands)
    choices = [(_EQUAL, n-i, 0, command) for i, command in enumerate(commands)]
    return _rule(name, _load(argument), *choices, _ALLOW, _REFUSE)


def _refuse_truncation(name, flags):
    "Refuse to open a file for reading with O_TRUNC: old versions of landlock do not ask for the right to write."
    if _number(name) is None: return []
    return _rule(name, _load(flags), (_BITS, 0, 3, os.O_TRUNC), (_KEEP, 0, 0, 3), (_EQUAL, 1, 0, 1), (_EQUAL, 0, 1, 2),
                 _ALLOW, _REFUSE)


def _process_rules(pid, processes):
    "Starting threads, and naming processes."
    if pid is None: process, fork = [(_BITS, 1, 0, 1<<31), (_ABOVE, 1, 0, 1), _REFUSE, _ALLOW], _ASK
    else: process, fork = [(_EQUAL, 1, 0, pid), _REFUSE, _ALLOW], _REFUSE
    # a question can be interrupted by a signal, which shells take for a failed fork: they do not ask
    start = _ALLOW if processes else fork
    process_or_0 = [(_EQUAL, len(process)-1, 0, 0), *process]
    rules = _rule('clone3', _LACKING) # C libraries fall back to clone
    rules += _rule('clone', _load(0), (_BITS, 0, 1, _NEW | CLONE_PARENT), _REFUSE, (_BITS, 1, 0, CLONE_THREAD), start,
                   _ALLOW)
    rules += _rule('umount2', fork)
    some = [(_BITS, 2, 0, 1<<31), *process[1:]] if processes else process # groups of its own
    for name, targets in (('kill', some), ('tgkill', process), ('prlimit64', process_or_0)):
        rules += _rule(name, _load(0), *targets)
    return rules


def _file_rules(processes):
    "Sockets and descriptors."
    # no family of sockets but the local one: the kernel would load its module
    rules = _rule('socketpair', _load(0), (_EQUAL, 1, 0, 1), _REFUSE, _ALLOW)
    # data go to the other end only: no address
    # and nothing out of band, which a reader that polls can't read
    if processes:
        rules += _rule('sendto', _load(3), (_BITS, 1, 0, 1), _ALLOW, _REFUSE)
        rules += _rule('socket', _load(0), (_EQUAL, 3, 0, 1), (_EQUAL, 2, 0, 2), (_EQUAL, 1, 0, 10), _REFUSE, _ALLOW)
    else: rules += _rule('sendto', _load(3), (_BITS, 5, 0, 1), _load(4), (_EQUAL, 0, 3, 0), _load(4, high=True),
                   (_EQUAL, 0, 1, 0), _ALLOW, _REFUSE)
    # nobody else gets this process' signals or waits for its lease
    rules += _refuse_commands('fcntl', 1, (8, 10, 15, 1024, 1026, 1036, 1038))
    # nobody else shares its core, it ends with its parent, and its descriptors can be counted
    rules += _refuse_commands('prctl', 0, (1, 4, 62))
    # commands for descriptors and terminals; none that marks a file
    return rules+_rule('ioctl', _load(1), (_ABOVE, 0, 2, 0x53FF), (_ABOVE, 1, 0, 0x54FF), _ALLOW, _REFUSE)


def seccomp_filter(pid=None, processes=False):
    """Filter program. Raises: `OSError` on an unknown machine.

    With `pid`, for that process alone: it starts no process, names none but itself, and does not change modes,
    owners and times of files, which landlock allows (nor, with old landlock, cut files off). Without, for the first
    process of a pid namespace and all after it: they name no process of the namespace but the first, and
    `supervise` decides on what only the first may do, which is to fork and to have /tmp renewed. With `processes`,
    programs may fork, execute and use sockets as well: in a network of their own, there is nobody else."""
    machine, column = _machine()
    truncating = pid is not None and landlock_abi()<3
    refused = _numbers(_REFUSED, column)
    if pid is not None: refused += _numbers(_METADATA, column)
    if truncating: refused += _numbers(_TRUNCATE, column)
    if processes: refused = [number for number in refused if number not in _numbers(_STARTING, column)]
    rules = [_LOAD_MACHINE, (_EQUAL, 1, 0, machine), _KILL, _LOAD_NUMBER, (_ABOVE, 0, 1, _LAST_KNOWN), _LACKING]
    # each of these jumps to the one refusal below
    rules += [(_EQUAL, len(refused)-i, 0, number) for i, number in enumerate(refused)]
    rules += [(_JUMP, 0, 0, 1), _REFUSE, *_process_rules(pid, processes), *_file_rules(processes)]
    if truncating: rules += [*_refuse_truncation('open', 1), *_refuse_truncation('openat', 2)]
    return b''.join(struct.pack('HBBI', *rule) for rule in (*rules, _ALLOW))


def enter_seccomp(program, supervised=False):
    "Install a filter on this thread, for good; with `supervised`, the descriptor at which it asks. Raises: `OSError`."
    text = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack('HxxxxxxQ', len(program)//8, ctypes.addressof(text))
    return _call(_number('seccomp'), 1, 8 if supervised else 0, ctypes.create_string_buffer(fprog, len(fprog)))


_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_QUESTION, _GET_QUESTION = struct.Struct('=QIIi60x'), 0xC0502100
_ANSWERED, _GIVE_ANSWER, _GO_ON = struct.Struct('=QqiI'), 0xC0182101, 1


def descriptor_of(pid, number):
    "A descriptor of another process, as one of ours. Raises: `OSError`."
    process = _call(_PIDFD_OPEN, pid, 0)
    try: return _call(_PIDFD_GETFD, process, number, 0)
    finally: os.close(process)


def supervise(listener, pid, tmp_mb):
    """Answer what a filter asks, until no process is left behind it. `pid` may fork, and has /tmp renewed where it
    asks to unmount it; no other process may do either."""
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    while not poller.poll()[0][1] & select.POLLHUP:
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(listener, _GET_QUESTION, question)
            number, asker, _, call = _QUESTION.unpack(question)
            if asker!=pid: answer = 0, -EPERM, 0
            elif call==_number('clone'): answer = 0, 0, _GO_ON
            else:
                renew_tmp(tmp_mb)
                answer = 0, 0, 0
            fcntl.ioctl(listener, _GIVE_ANSWER, _ANSWERED.pack(number, *answer))
        except FileNotFoundError: pass # the asker has ended


def ask_for_new_tmp(): _call('umount2', os.fsencode(TMP), MNT_DETACH)


# The child

def drop_capabilities():
    "Give up all capabilities, in every user namespace."
    _libc.capset(struct.pack('Ii', 0x20080522, 0), bytes(24))


def die_with_parent(): _prctl(1, 9)


def limit_resources(**limits):
    "Set hard limits of the kernel for this process and its children: `AS=1<<30` and so on. A system may lack some."
    for name, limit in limits.items():
        kind = getattr(resource, f'RLIMIT_{name}', None)
        if kind is None: continue
        ceiling = resource.getrlimit(kind)[1]
        if ceiling!=resource.RLIM_INFINITY: limit = min(limit, ceiling)
        try: resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            if sys.platform=='linux': raise


# What is left behind

def kill_all():
    "Kill every other process of the pid namespace, and wait for its end."
    try: os.kill(-1, 9)
    except ProcessLookupError: pass
    while True:
        try: os.waitpid(-1, 0)
        except ChildProcessError: return


def adopt_orphans(): _prctl(36, 1)


def kill_orphans():
    "Kill the processes that a program has left behind, where it could start any."
    while True:
        try: os.waitpid(-1, os.WNOHANG)
        except ChildProcessError: return
        try:
            with open(f'/proc/self/task/{os.getpid()}/children') as file: pids = file.read().split()
        except OSError: return
        for pid in pids: os.kill(int(pid), 9)


def empty_directory(path):
    """Delete everything in `path`. Deep trees are taken apart at the top, so that neither their depth nor a long
    path matters. Links are never followed."""
    number = 0
    os.chmod(path, 0o700)
    while names := os.listdir(path):
        for entry in (os.path.join(path, name) for name in names):
            if not _is_folder(entry):
                os.unlink(entry)
                continue
            for inner in os.listdir(entry):
                number += 1
                inner = os.path.join(entry, inner)
                if _is_folder(inner): _move(inner, os.path.join(path, f'.{number}'))
                else: os.unlink(inner)
            try: os.rmdir(entry)
            except OSError: pass


def _is_folder(path):
    "Whether `path` is a directory and no link to one; if so, make it readable and writable."
    if os.path.islink(path) or not os.path.isdir(path): return False
    os.chmod(path, 0o700)
    return True


def _move(source, target):
    try: os.rename(source, target)
    except OSError: pass # the name is taken: the next round has another


def remove_directory(path):
    "Delete a directory and everything in it, if it exists."
    try:
        empty_directory(path)
        os.rmdir(path)
    except FileNotFoundError: pass
