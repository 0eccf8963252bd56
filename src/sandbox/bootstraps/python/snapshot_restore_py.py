"""Runtime hooks of SnapStart, under the name that AWS's own package has: functions import it from the runtime.

Hooks before the snapshot run in the reverse order of their registration, hooks after a restore in that order
(https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html).
"""
__all__ = ["register_before_snapshot", "register_after_restore", "get_before_snapshot", "get_after_restore"]

_before_snapshot = []
_after_restore = []


def register_before_snapshot(func, *args, **kwargs):
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot():
    return _before_snapshot


def get_after_restore():
    return _after_restore
