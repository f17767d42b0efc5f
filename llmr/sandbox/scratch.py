"""The scratch directory of a sandbox that shares the machine's file system, and how much a program keeps in it.

In namespaces the kernel bounds a file system of the sandbox's own. At the other levels a program could fill the
machine's, so the judge looks at the directory while the program runs.
"""
import os
import stat
import tempfile
import time

import layers

MEMORY = '/dev/shm' # scratch is in memory where possible: no outcome may depend on the speed of a disk
PREFIX = 'llmr-sandbox-'
ROOM = 3            # free room that a sandbox needs in memory, in quotas: looks find an excess a little late
SHARE = 8           # seconds that a program works for each second spent on looking at its directory
STEP = 16           # when the file system has lost that part of the quota, a look is due at once


def new_directory(tmp_mb, packages):
    "Make a sandbox's directory: for temporary files, and for links to the packages that programs may import."
    directory = _in_memory(tmp_mb) or tempfile.mkdtemp(prefix=PREFIX)
    for name in ('tmp', 'packages'): os.mkdir(os.path.join(directory, name), 0o700)
    for name, path in packages.items(): os.symlink(path, os.path.join(directory, 'packages', name))
    return directory


def _in_memory(tmp_mb):
    """A new directory in memory, or None where memory has no room for it. Workers that start together see each other,
    since each makes its directory before it counts."""
    try:
        if not _holds_files(MEMORY): return None
        directory = tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY)
    except OSError: return None
    sandboxes = sum(name.startswith(PREFIX) for name in os.listdir(MEMORY))
    state = os.statvfs(MEMORY)
    room = state.f_bavail*state.f_frsize >= sandboxes*ROOM*(tmp_mb<<20)
    if room and state.f_favail >= sandboxes*ROOM*layers.ENTRIES: return directory
    os.rmdir(directory)


def _holds_files(place):
    "Whether a directory is a tmpfs that treats files as a disk does. Containers often forbid to load code from theirs."
    with open('/proc/self/mounts') as file: mounts = {fields[1]: fields[2] for fields in map(str.split, file)}
    return mounts.get(place)=='tmpfs' and not os.statvfs(place).f_flag & os.ST_NOEXEC


class Scratch:
    "How much a program keeps in its directory. Looks cost a small part of the program's own processor time."
    def __init__(self, directory, limit):
        self.path, self.limit = os.path.join(directory, 'tmp'), limit
        self.due, self.free = 0., self.room()

    def room(self):
        "Free bytes of the file system."
        state = os.statvfs(self.path)
        return state.f_bfree*state.f_frsize

    def exceeded(self, pid, clock):
        "Whether the program keeps more than its limit. `clock` is its processor time: nothing changes without it."
        free = self.room()
        if clock<self.due and self.free-free<self.limit/STEP: return False
        start = time.thread_time()
        size = directory_size(self.path, self.limit)
        if size<=self.limit: size += unnamed_size(pid)
        self.due, self.free = clock+SHARE*(time.thread_time()-start), free
        return size>self.limit


def directory_size(path, limit):
    """Bytes below a directory, counted until they exceed `limit`. Each entry counts at least `limit` / `ENTRIES`: there
    are as many as in namespaces. A directory that can be written but not listed, or a path that is too long to follow,
    counts as more than the limit."""
    total, folders, least = 0, [path], limit//layers.ENTRIES
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False): folders.append(entry.path)
                    total += max(entry.stat(follow_symlinks=False).st_blocks*512, least)
                    if total>limit: return total
        except (FileNotFoundError, NotADirectoryError): pass # changed since it was listed
        except PermissionError:
            if _can_be_written(folder): return limit+1
        except OSError: return limit+1
    return total


def _can_be_written(folder):
    try: return os.lstat(folder).st_mode & 0o300 == 0o300
    except OSError: return False


def unnamed_size(pid):
    "Bytes in files that a program has deleted and keeps open. Each thread may have descriptors of its own."
    sizes = {}
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            for number in os.listdir(f'/proc/{pid}/task/{task}/fd'):
                state = os.stat(f'/proc/{pid}/task/{task}/fd/{number}')
                deleted = stat.S_ISREG(state.st_mode) and not state.st_nlink
                if deleted: sizes[state.st_dev, state.st_ino] = state.st_blocks*512
    except OSError: pass # closed, or ended, since it was listed
    return sum(sizes.values())
