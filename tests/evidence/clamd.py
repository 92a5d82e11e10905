"""A small daemon that speaks the INSTREAM command of clamd, as its documentation describes it, and knows EICAR.

ClamAV itself is some hundred megabytes with its signatures, so the tests bring this instead.
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.evidence.files import EICAR


class Conversation(socketserver.StreamRequestHandler):
    """zINSTREAM, pieces with their length before them, a length of zero; one reply that ends with NUL."""

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        self.server.seen.append(content)  # type: ignore[attr-defined]
        self.wfile.write(self.server.replies.pop(0) if self.server.replies else self._verdict(content))  # type: ignore[attr-defined]

    def _verdict(self, content: bytes) -> bytes:
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


class Daemon:
    """`address` is what the setting takes; `seen` is what it was shown; `replies` are given before any verdict."""

    def __init__(self, server: socketserver.BaseServer, address: str) -> None:
        self.server, self.address = server, address
        self.seen: list[bytes] = []
        self.replies: list[bytes] = []
        server.seen, server.replies = self.seen, self.replies  # type: ignore[attr-defined]


@contextmanager
def running(folder: Path | None = None) -> Iterator[Daemon]:
    """On a unix socket in a folder, else on a port of this machine."""
    if folder:
        path = folder / "clamd.ctl"
        server: socketserver.BaseServer = socketserver.ThreadingUnixStreamServer(str(path), Conversation)
        address = f"unix:{path}"
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Daemon(server, address)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
