"""A task of a process that is killed while it sends the result."""

import os
import signal
import sys
from multiprocessing import parent_process


def half_sent(item=None, _=None):
    """Give the item back; in another process, die with a part of it on the way."""
    if parent_process() is None:
        return item
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        frame = frame.f_back
    results = frame.f_locals["result_queue"]
    results._wlock.acquire()
    os.write(results._writer.fileno(), (1000).to_bytes(4, "big") + b"part")
    os.kill(os.getpid(), signal.SIGKILL)
    return None
