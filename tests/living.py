"""Whether a process that a test started is still there."""


def alive(pid: int) -> bool:
    """False once it has ended, though nobody may have waited for it yet; needs Linux' /proc."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
