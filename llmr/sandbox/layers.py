"""Isolation by what the kernel allows: namespaces, landlock, seccomp, resource limits.

`Level` names go from the strongest to the weakest:

- `namespaces`: own user, mount, pid, network, IPC and host name; a root directory with nothing in it but the standard
  library, read-only, and a private /tmp in memory; seccomp and resource limits on top.
- `landlock`: the same seccomp filter and limits; the file system is read-only and readable only where Python lies, though
  names, sizes and times show everywhere; a private directory for temporary files.
- `rlimits`: resource limits alone (macOS, old kernels). Against accidents, not against malice.
"""
import ctypes
import fcntl
import glob
import os
import platform
import resource
import select
import struct
import sys

LEVELS = ('namespaces', 'landlock', 'rlimits')
# Modules that are there before a program starts. Not `threading` and what imports it: its work after a fork is a third of a fork's price.
WARM = """abc array bisect calendar cmath collections collections.abc contextlib copy dataclasses datetime decimal enum fractions functools heapq io itertools json
math numbers operator random re statistics string struct textwrap time traceback types typing unicodedata warnings""".split()
# Modules that the judge imports for test code when a program has them: importing one does nothing else.
COMMON = frozenset(WARM) | frozenset("base64 colorsys csv difflib errno glob hashlib html keyword os pprint queue shutil sys tempfile urllib.parse uuid zlib".split())

TMP, PACKAGES = '/tmp', '/packages'
ENTRIES = 8192 # files and directories that a program may have in its scratch directory

HASH_SEED = '0' # of every interpreter here: the order of a set decides some grades
KEPT_ENVIRONMENT = ('LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'PYTHONHOME')

_libc = ctypes.CDLL(None, use_errno=True)


def _call(what, *args):
    "Call a libc function by name, or a system call by number. Raises: `OSError`."
    function, args = (_libc.syscall, (ctypes.c_long(what), *args)) if isinstance(what, int) else (getattr(_libc, what), args)
    result = function(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    if result<0: raise OSError(ctypes.get_errno(), f'{what}: {os.strerror(ctypes.get_errno())}')
    return result


def _prctl(option, *args): return _call('prctl', option, *args, *[0]*(4-len(args)))


def clean_environment():
    "Environment of a process of ours: nothing of the caller's but what Python needs to start, and what makes two runs alike."
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return kept | dict(PYTHONHASHSEED=HASH_SEED, TZ='UTC', LANG='C.UTF-8', LC_ALL='C.UTF-8')


# Namespaces

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1, 2, 4, 0x1000, 0x4000, 0x40000, 2
SYS_PIVOT_ROOT = dict(x86_64=155, aarch64=41)
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
DEVICES = ('/dev/null', '/dev/zero', '/dev/random', '/dev/urandom')


def python_paths():
    "Directories that Python needs to import the standard library: its own, and the shared libraries' it links to."
    own = [os.path.dirname(os.path.realpath(os.__file__))]
    if getattr(sys, 'base_prefix', '').rstrip('/') not in ('', '/usr'): own.append(os.path.join(sys.base_prefix, 'lib'))
    every = {path for path in (*own, '/lib', '/lib64', '/lib32', '/usr/lib', '/usr/lib64', '/usr/share/zoneinfo') if os.path.isdir(path)}
    return sorted(path for path in every if not any(path.startswith(f'{other}/') for other in every if not os.path.islink(other)))


def installed_packages():
    "Directories below `python_paths` that hold installed packages: their data may be a benchmark with its answers."
    found = {os.path.realpath(place) for path in python_paths() for below in ('', 'python*/') for place in glob.glob(f'{glob.escape(path)}/{below}*-packages')}
    return sorted(place for place in found if os.path.isdir(place))


def _mount(source, target, kind=None, flags=0, options=None):
    text = lambda value: None if value is None else os.fsencode(value)
    _call('mount', text(source), text(target), text(kind), flags, text(options))


def _read_only(path, recursive=True, device=False):
    attributes = struct.pack('QQQQ', 1 | 2 | (0 if device else 4), 0, 0, 0)
    _call(SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), AT_RECURSIVE if recursive else 0, attributes, len(attributes))


def _bind(root, path, place=None):
    "Show `path` below `root`, in its own place or another; a symbolic link is made again as one."
    target = root+(place or path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path): return None if os.path.lexists(target) else os.symlink(os.readlink(path), target)
    if os.path.exists(target): return
    if os.path.isdir(path): os.mkdir(target)
    else: os.close(os.open(target, os.O_CREAT, 0o600))
    _mount(path, target, None, MS_BIND | MS_REC)
    return target


def fresh_tmp(tmp_mb):
    "Mount an empty file system in memory on /tmp."
    _mount('tmpfs', TMP, 'tmpfs', MS_NOSUID | MS_NODEV, f'size={tmp_mb}m,nr_inodes={ENTRIES},mode=1777')


def renew_tmp(tmp_mb):
    "Whatever lies in /tmp is gone, however deep, locked or large, and so are its own mode and marks."
    _call('umount2', os.fsencode(TMP), MNT_DETACH)
    fresh_tmp(tmp_mb)


def enter_namespaces(tmp_mb, packages):
    "Leave the machine behind, but for Python and `packages` (name to path). The next fork is the first process of the new world. Raises: `OSError` where that is not allowed."
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    uid, gid = os.geteuid(), os.getegid()
    try:
        _call('unshare', flags | CLONE_NEWUSER)
        for name,text in (('setgroups', 'deny'), ('uid_map', f'1000 {uid} 1'), ('gid_map', f'1000 {gid} 1')):
            with open(f'/proc/self/{name}', 'w') as file: file.write(text)
    except OSError:
        if uid: raise
        _call('unshare', flags)
    _call('sethostname', b'sandbox', 7)
    root = '/proc'
    _mount(None, '/', None, MS_REC | MS_PRIVATE)
    _mount('tmpfs', root, 'tmpfs', MS_NOSUID, 'size=1m,mode=755')
    bound = [_bind(root, path) for path in (*python_paths(), *DEVICES)]+[_bind(root, path, f'{PACKAGES}/{name}') for name,path in packages.items()]
    for place in installed_packages():
        if os.path.isdir(root+place): _mount('tmpfs', root+place, 'tmpfs', MS_RDONLY | MS_NOSUID | MS_NODEV, 'size=4k')
    for target in filter(None, bound): _read_only(target, device=target in [root+path for path in DEVICES])
    os.mkdir(root+TMP)
    os.chdir(root)
    _call(SYS_PIVOT_ROOT[platform.machine()], b'.', b'.')
    _call('umount2', b'.', MNT_DETACH)
    os.chdir('/')
    _read_only('/', recursive=False)
    fresh_tmp(tmp_mb)


# Landlock

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = 1<<2 | 1<<3
_FILE_ONLY = 1<<1 | 1<<2 | 1<<14


def landlock_abi():
    "Raises: `OSError` without landlock."
    return _call(_LANDLOCK_CREATE, None, 0, 1)


def _parts(path, hidden):
    "A directory without those `hidden` in it: itself, or what lies in it and is no link."
    if path in hidden: return
    if not any(place.startswith(f'{path}/') for place in hidden): yield path
    else:
        for entry in os.scandir(path):
            if not entry.is_symlink(): yield from _parts(entry.path, hidden)


def enter_landlock(tmp, readable):
    "Only Python's own directories and `readable` can be read, only `tmp` written, from here on and in every child. Raises: `OSError` without landlock."
    abi = landlock_abi()
    rights = (1<<(13 if abi<2 else 14 if abi<3 else 15 if abi<5 else 16))-1
    net, scope = (3 if abi>=4 else 0), (3 if abi>=6 else 0)
    attributes = struct.pack('QQQ', rights, net, scope)[:8 if abi<4 else 16 if abi<6 else 24]
    ruleset = _call(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    own, hidden = sorted({os.path.realpath(path) for path in python_paths()}), installed_packages()
    allowed = [(path, 1<<3) for path in own]+[(path, _READ if os.path.isdir(path) else 1<<2) for top in own for path in _parts(top, hidden)]+[(path, _READ if os.path.isdir(path) else 1<<2) for path in readable]+[(path, 1<<1 | 1<<2) for path in DEVICES]+[(tmp, rights)]
    for path,access in allowed:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try: _call(_LANDLOCK_ADD, ruleset, 1, struct.pack('=Qi', access & rights, fd), 0)
        finally: os.close(fd)
    no_new_privileges()
    _call(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def no_new_privileges(): _prctl(38, 1)


# Seccomp: a list of what is refused, so that Python itself runs on any C library

EPERM, ENOSYS = 1, 38
_TABLES = dict(x86_64=(0xC000003E, 0), aarch64=(0xC00000B7, 1))
_REFUSED = """fork:57:- vfork:58:- execve:59:221 execveat:322:281 ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271
process_madvise:440:440 process_mrelease:448:448 pidfd_open:434:434 pidfd_getfd:438:438 pidfd_send_signal:424:424 kcmp:312:272
rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 tkill:200:130 socket:41:198 mount:165:40 pivot_root:155:41 chroot:161:51
unshare:272:97 setns:308:268 open_by_handle_at:304:265 name_to_handle_at:303:264 open_tree:428:428 move_mount:429:429 fsopen:430:430
fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442 bpf:321:280 perf_event_open:298:241 userfaultfd:323:282
io_setup:206:0 io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427 keyctl:250:219 add_key:248:217 request_key:249:218
memfd_create:319:279 memfd_secret:447:447 shmget:29:194 shmat:30:196 shmctl:31:195 semget:64:190 semop:65:193 semctl:66:191
semtimedop:220:192 msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181
sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274 sched_setaffinity:203:122 ioprio_set:251:30 migrate_pages:256:238
move_pages:279:239 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142 swapon:167:224 swapoff:168:225 init_module:175:105
finit_module:313:273 delete_module:176:106 acct:163:89 quotactl:179:60 quotactl_fd:443:443 syslog:103:116 settimeofday:164:170
clock_settime:227:112 adjtimex:159:171 clock_adjtime:305:266 sethostname:170:161 setdomainname:171:162 iopl:172:- ioperm:173:-
vhangup:153:58 personality:135:92 fanotify_init:300:262 modify_ldt:154:- connect:42:203 bind:49:200 sendmsg:46:211 sendmmsg:307:269
setpriority:141:140 sync:162:81 syncfs:306:267 inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27"""
_METADATA = """chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54 utime:132:- utimes:235:- utimensat:280:88
futimesat:261:- setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16"""
_CHECKED = dict(kill=(62, 129), tgkill=(234, 131), clone=(56, 220), clone3=(435, 435), prctl=(157, 167), prlimit64=(302, 261),
                sendto=(44, 206), fcntl=(72, 25), ioctl=(16, 29), umount2=(166, 39), seccomp=(317, 277),
                open=(2, None), openat=(257, 56), socketpair=(53, 199))
_TRUNCATE = 'truncate:76:45 openat2:437:437'
_LAST_KNOWN = 450  # a call newer than this list answers as an older kernel would


def _numbers(text, column): return [int(entry.split(':')[1+column]) for entry in text.split() if entry.split(':')[1+column]!='-']


def _machine():
    "What the kernel calls this machine, and its column in the tables. Raises: `OSError` on an unknown one."
    if platform.machine() not in _TABLES: raise OSError(ENOSYS, f'no list of system calls for {platform.machine()}')
    return _TABLES[platform.machine()]


def _number(name): return _CHECKED[name][_machine()[1]]


def seccomp_filter(pid=None):
    """Filter program. With `pid` for that process alone: it starts no process, names none but itself, and does not change modes, owners
    and times (landlock lets it; of old, it lets files be cut off too). Without, for the first process of a pid namespace and all after it: they name none of their own but the
    first, and what only the first may do, which is to fork and to have /tmp renewed, is `supervise`d. Raises: `OSError` on an unknown machine."""
    arch, column = _machine()
    load, equal, above, bits, keep, answer = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
    refuse, lacking, allow, ask = (answer, 0, 0, 0x50000 | EPERM), (answer, 0, 0, 0x50000 | ENOSYS), (answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x7FC00000)
    if pid is None: process, reserved = [(bits, 1, 0, 1<<31), (above, 1, 0, 1), refuse, allow], ask
    else: process, reserved = [(equal, 1, 0, pid), refuse, allow], refuse
    process_or_0 = [(equal, len(process)-1, 0, 0), *process]
    rules = [(load, 0, 0, 4), (equal, 1, 0, arch), (answer, 0, 0, 0x80000000), (load, 0, 0, 0), (above, 0, 1, _LAST_KNOWN), lacking]
    truncating = pid is not None and landlock_abi()<3
    refused = _numbers(_REFUSED, column)+([] if pid is None else _numbers(_METADATA, column))+(_numbers(_TRUNCATE, column) if truncating else [])
    rules += [(equal, len(refused)-i, 0, nr) for i,nr in enumerate(refused)]+[(0x05, 0, 0, 1), refuse] # each jumps to the one answer; none of them jumps over it
    rules += [(equal, 0, 1, _number('clone3')), lacking]                                                    # C libraries fall back to clone
    rules += [(equal, 0, 4, _number('clone')), (load, 0, 0, 16), (bits, 1, 0, 0x10000), reserved, allow]    # threads, no processes
    rules += [(equal, 0, 1, _number('umount2')), reserved]
    local = [(equal, 1, 0, 1), refuse, allow] # no other family, whose module the kernel would load
    for name,targets in (('kill', process), ('tgkill', process), ('prlimit64', process_or_0), ('socketpair', local)): rules += [(equal, 0, len(targets)+1, _number(name)), (load, 0, 0, 16), *targets]
    rules += [(equal, 0, 6, _number('sendto')), (load, 0, 0, 48), (equal, 0, 3, 0), (load, 0, 0, 52), (equal, 0, 1, 0), allow, refuse]   # to the other end only
    for name,at,commands in (('fcntl', 24, (8, 10, 15, 1024, 1026)), ('prctl', 16, (1, 62))):               # nobody else gets this process' signals, waits for its lease, shares its core; the death signal stays
        n = len(commands)
        rules += [(equal, 0, n+3, _number(name)), (load, 0, 0, at), *[(equal, n-i, 0, command) for i,command in enumerate(commands)], allow, refuse]
    rules += [(equal, 0, 5, _number('ioctl')), (load, 0, 0, 24), (above, 0, 2, 0x53FF), (above, 1, 0, 0x54FF), allow, refuse] # of descriptors and terminals; none that marks a file
    for name,at in (('open', 24), ('openat', 32)):                                                          # O_TRUNC, where landlock does not ask for the right to write
        if truncating and _number(name) is not None: rules += [(equal, 0, 7, _number(name)), (load, 0, 0, at), (bits, 0, 3, os.O_TRUNC), (keep, 0, 0, 3), (equal, 1, 0, 1), (equal, 0, 1, 2), allow, refuse]
    return b''.join(struct.pack('HBBI', *rule) for rule in [*rules, allow])


def enter_seccomp(program, supervised=False):
    "Install a filter on this thread, for good; with `supervised`, the descriptor at which it asks. Raises: `OSError`."
    text = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack('HxxxxxxQ', len(program)//8, ctypes.addressof(text))
    return _call(_number('seccomp'), 1, 8 if supervised else 0, ctypes.create_string_buffer(fprog, len(fprog)))


_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_QUESTION, _GET_QUESTION, _ANSWER, _GIVE_ANSWER, _GO_ON = struct.Struct('=QIIi60x'), 0xC0502100, struct.Struct('=QqiI'), 0xC0182101, 1


def descriptor_of(pid, number):
    "A descriptor of another process, as one of ours. Raises: `OSError`."
    process = _call(_PIDFD_OPEN, pid, 0)
    try: return _call(_PIDFD_GETFD, process, number, 0)
    finally: os.close(process)


def supervise(listener, pid, tmp_mb):
    "Answer what a filter asks, until no process is left behind it: `pid` may fork, and has /tmp renewed where it asks to have it unmounted; no other may."
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    while not poller.poll()[0][1] & select.POLLHUP:
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(listener, _GET_QUESTION, question)
            number, asker, _, call = _QUESTION.unpack(question)
            if asker==pid and call==_number('umount2'): renew_tmp(tmp_mb)
            answer = (0, -EPERM, 0) if asker!=pid else (0, 0, _GO_ON if call==_number('clone') else 0)
            fcntl.ioctl(listener, _GIVE_ANSWER, _ANSWER.pack(number, *answer))
        except FileNotFoundError: pass # whoever asked is gone


def ask_for_new_tmp(): _call('umount2', os.fsencode(TMP), MNT_DETACH)


# The child

def drop_capabilities():
    "No capability is left, in any user namespace."
    _libc.capset(struct.pack('Ii', 0x20080522, 0), bytes(24))


def die_with_parent(): _prctl(1, 9)


def limit_resources(**limits):
    "Limits of the kernel's own, hard ones, for this process and its children: `AS=1<<30` and so on. Those that a system lacks are left out."
    for name,limit in limits.items():
        kind = getattr(resource, f'RLIMIT_{name}', None)
        if kind is None: continue
        ceiling = resource.getrlimit(kind)[1]
        if ceiling!=resource.RLIM_INFINITY: limit = min(limit, ceiling)
        try: resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            if sys.platform=='linux': raise


# What is left behind

def adopt_orphans(): _prctl(36, 1)


def kill_orphans():
    "Kill processes that a program left to us, where it could start any."
    while True:
        try: os.waitpid(-1, os.WNOHANG)
        except ChildProcessError: return
        try:
            with open(f'/proc/self/task/{os.getpid()}/children') as file: pids = file.read().split()
        except OSError: return
        for pid in pids: os.kill(int(pid), 9)


def empty_directory(path):
    "Delete all that `path` holds. Deep trees are taken apart at the top, so no depth and no long path is a hindrance. Links are never followed."
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
    "Whether `path` is a directory and no link to one; if so, it can be read and written from here on."
    if os.path.islink(path) or not os.path.isdir(path): return False
    os.chmod(path, 0o700)
    return True


def _move(source, target):
    try: os.rename(source, target)
    except OSError: pass # the name is taken: the next round has another


def remove_directory(path):
    "Delete a directory and all that it holds; one that is gone already is fine."
    try:
        empty_directory(path)
        os.rmdir(path)
    except FileNotFoundError: pass
