"""Asks a ClamAV daemon about a file before anything else reads it; without one configured, nobody is asked."""

import socket
import struct
from typing import BinaryIO

from django.conf import settings

from auditapp.evidence.refusing import NotTaken

PIECE = 256 * 1024
PATIENCE = 60  # seconds for any single step; a daemon that loads new signatures is silent for a while
LONGEST_REPLY = 4096


def must_be_clean(file: BinaryIO) -> None:
    """Raises NotTaken for what the scanner knows as malware, and for every file while it does not answer."""
    if not settings.CLAMD_ADDRESS:
        return
    try:
        reply = _instream(settings.CLAMD_ADDRESS, file)
    except (OSError, ValueError) as silent:
        raise NotTaken("unscanned") from silent
    if reply.endswith(" FOUND"):
        raise NotTaken("malware", found=reply.removeprefix("stream: ").removesuffix(" FOUND"))
    if reply != "stream: OK":  # too large for its StreamMaxLength, or an error of its own
        raise NotTaken("unscanned")


def _instream(address: str, file: BinaryIO) -> str:
    """What clamd says of the bytes, sent to it in pieces each with its length before it (its INSTREAM command)."""
    file.seek(0)
    with _connected(address) as daemon:
        daemon.sendall(b"zINSTREAM\0")
        while piece := file.read(PIECE):
            daemon.sendall(struct.pack("!I", len(piece)) + piece)
        daemon.sendall(struct.pack("!I", 0))
        reply = b""
        while not reply.endswith(b"\0"):
            more = daemon.recv(LONGEST_REPLY)
            if not more or len(reply) > LONGEST_REPLY:
                raise ValueError("no reply that ends")
            reply += more
    file.seek(0)
    return reply.rstrip(b"\0").decode("utf-8", "replace").strip()


def _connected(address: str) -> socket.socket:
    """unix:/run/clamav/clamd.ctl or host:port."""
    if address.startswith("unix:"):
        daemon = socket.socket(socket.AF_UNIX)
        daemon.settimeout(PATIENCE)
        try:
            daemon.connect(address.removeprefix("unix:"))
        except OSError:
            daemon.close()
            raise
        return daemon
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE)
