"""SnapStart: an initialised process waits as a template; each environment is a copy of it.

The template forks, and the server's helper makes of that fork one into namespaces, limits and a user of its own
(src/sandbox/native/snapshot/clone.c). Nothing of the function's has run in the copy before its descriptors are its own.
"""
import _thread
import array
import gc
import os
import signal
import socket
import sys
import time

DESCRIPTORS_ADDRESS = "\0haneul-restore"
OWN_DESCRIPTORS = 5


def run_before_snapshot():
    hooks = getattr(sys.modules.get("snapshot_restore_py"), "get_before_snapshot", list)()
    while hooks:
        func, args, kwargs = hooks.pop()
        func(*args, **kwargs)
    # What is there stays shared between the copies: the collector does not write into it.
    gc.collect()
    gc.freeze()


def run_after_restore():
    for func, args, kwargs in getattr(sys.modules.get("snapshot_restore_py"), "get_after_restore", list)():
        func(*args, **kwargs)


def copy():
    """True in the copy; the template goes on."""
    template_pid = os.getpid()
    collect_ended()
    if os.fork() != 0:
        return False
    # From here on in the first process of a pid namespace. Whatever fails ends it, and with it the copy.
    try:
        take_descriptors()
        skip_pid(template_pid)
        main = os.fork()
        if main != 0:
            stay_for(main)
        renew_randomness()
        return True
    except BaseException as e:
        os.write(2, "the snapshot could not be restored: {!r}\n".format(e).encode("utf-8", "replace"))
        os._exit(1)


def collect_ended():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def take_descriptors():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.connect(DESCRIPTORS_ADDRESS)
        taken = array.array("i")
        _, ancillary, _, _ = asked.recvmsg(1, socket.CMSG_SPACE(4 * taken.itemsize))
        taken.frombytes(ancillary[0][2])
    for target, fd in zip((1, 2, 3, 4), taken):
        os.dup2(fd, target, inheritable=target < 3)
        os.close(fd)


def skip_pid(pid):
    """Libraries tell a fork by its process id (OpenSSL decides by it to seed itself again): it must not be the template's."""
    if pid != 2:
        return
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(done.release, ())
    done.acquire()
    deadline = time.monotonic() + 1
    while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
        time.sleep(0)


def stay_for(main):
    """Collects whatever loses its parent, and ends as the runtime does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(3, 1024)
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        except ChildProcessError:
            os._exit(1)
        if pid == main:
            os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def renew_descriptors():
    """Files are opened again, so that no position is shared with another copy. Connections are dead, as after every restore."""
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        if fd < OWN_DESCRIPTORS:
            continue
        try:
            path = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue  # the one that listed them
        if path.startswith("socket:"):
            dead, other = socket.socketpair()
            os.dup2(dead.fileno(), fd, inheritable=os.get_inheritable(fd))
            dead.close()
            other.close()
        elif os.path.isfile(path):
            reopen(fd, path)


def reopen(fd, path):
    import fcntl
    flags = fcntl.fcntl(fd, fcntl.F_GETFL) & ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC)
    inheritable = os.get_inheritable(fd)
    fresh = os.open(path, flags)
    os.lseek(fresh, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
    os.dup2(fresh, fd, inheritable=inheritable)
    os.close(fresh)


def renew_randomness():
    # `random` seeds itself after a fork; a generator of OpenSSL's takes this and seeds itself from the system.
    ssl = sys.modules.get("_ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(32), 0.0)
    generator = sys.modules.get("random")
    if generator is not None:
        generator.seed()
