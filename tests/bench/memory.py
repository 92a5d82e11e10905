"""Peaks of memory, as the kernel counted them."""

from pathlib import Path


def peak_of(pid: int) -> int:
    """The most resident memory that a process ever had, in bytes (VmHWM)."""
    return _field(pid, "VmHWM:") * 1024


def peak_of_children(pid: int) -> int:
    """The largest peak among a process's children: gunicorn's workers."""
    return max(peak_of(child) for child in _children(pid))


def forget_peaks_of_children(pid: int) -> None:
    """Let the peaks of a process's children begin again from what they hold now."""
    for child in _children(pid):
        Path(f"/proc/{child}/clear_refs").write_text("5")


def _children(pid: int) -> list[int]:
    everyone = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [other for other in everyone if _field(other, "PPid:") == pid]


def _field(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
