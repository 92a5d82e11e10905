"""What the tests of these pages share: signing in, posting an answer, counting what a request asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp.accounts.models import User

BACKEND = "auditapp.accounts.backend.EmailBackend"
UNCOUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "SELECT set_config")


@contextmanager
def counted(most: int) -> Iterator[list[str]]:
    """At most so many queries inside the block; transaction commands and the scope do not count."""
    queries: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield queries
    queries += [q["sql"] for q in captured.captured_queries if not q["sql"].startswith(UNCOUNTED)]
    assert len(queries) <= most, "\n".join(query[:200] for query in queries)


def sign_in(client: Client, person: User) -> Client:
    client.force_login(person, backend=BACKEND)
    return client


def post_answer(client: Client, audit: Any, code: str, *, json: bool = False, **fields: Any) -> Any:
    """One card sent, as a form or as the script sends it."""
    headers = {"accept": "application/json"} if json else {"accept": "text/html"}
    sent = {"base": 0, "key": "a-key", "verdict": "met"} | fields
    return client.post(f"/audits/{audit.ref}/answers/{code}/", sent, headers=headers)
