"""Start a program that cannot outlive the one that started it: `python guard.py PARENT COMMAND…`.

The kernel is asked to kill this process when its parent ends, however that happens, and the
command then takes this process's place. Where the kernel has no such service (anything but Linux)
the command simply runs and the parent's own clean-up is all there is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def main(arguments: list[str]) -> None:
    """Tie this process to the parent with the given id, then become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the request was made
            raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606 - the command line of the demo itself


if __name__ == "__main__":
    main(sys.argv[1:])
