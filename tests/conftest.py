"""The cast, and a database in which everything runs as the web role.

Asha audits at the Royal, Ben is its clinical safety officer, Eve its executive, Grace chairs the governance committee,
Omar owns deployments, Vera only reads, Ada administers the group, Dora leads a category. Cleo works at another
hospital group and must see nothing of it; Sam audits at another hospital of the same group.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from hypothesis import settings as hypothesis_settings

from auditapp.accounts import scope
from auditapp.accounts.models import Site, User
from tests.factories import Make
from tests.stack import Stack

# A change is judged by the same examples each time; `make campaign` looks for new ones.
hypothesis_settings.register_profile("same", derandomize=True)
hypothesis_settings.register_profile("search", print_blob=True)

ROLE = "auditapp_web"
STACK = pytest.StashKey[tuple[Stack, Future[Stack]]]()
_acting = {"as_web": False}


def _act_as_web(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Connections that a test opens in other threads (a live server's) act as the web role too."""
    if _acting["as_web"]:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {ROLE}")


connection_created.connect(_act_as_web)


def _set_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}" if role else "RESET ROLE")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database holds the seeded questionnaires, like every installation."""
    with django_db_blocker.unblock():
        call_command("load_questionnaires", verbosity=0)


@pytest.fixture(autouse=True)
def _as_the_web_role(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that touch the database do so as the web role; emptying it afterwards is the owner's."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if not marker and not {"db", "transactional_db", "live_server"} & names:
        yield
        return
    emptied = "live_server" in names or "transactional_db" in names or (marker and marker.kwargs.get("transaction"))
    request.getfixturevalue("transactional_db" if emptied else "db")
    if emptied:  # the test before emptied it
        call_command("load_questionnaires", verbosity=0)
    _set_role(ROLE)
    _acting["as_web"] = True
    yield
    _acting["as_web"] = False
    if connection.connection and not connection.connection.closed and not connection.needs_rollback:
        _set_role("")


@pytest.fixture(autouse=True)
def _folders_of_its_own(tmp_path: Any, settings: Any) -> None:
    settings.AUDITAPP_EVIDENCE_DIR = tmp_path / "evidence"
    settings.AUDITAPP_UPLOADS_DIR = tmp_path / "uploads"
    settings.AUDITAPP_CHECKPOINTS_DIR = tmp_path / "checkpoints"
    settings.AUDITAPP_KEYS_DIR = tmp_path / "keys"


class ScopedClient(Client):
    """A browser that leaves the test's own scope as it found it: in a test, requests share the test's transaction."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        self._back_in_scope()
        return response

    def force_login(self, user: User, backend: str | None = None) -> None:
        """Signing in notes the time in the person's own row, which only their organisation's scope shows."""
        scope.enter(user.organisation_id)
        super().force_login(user, backend or "auditapp.accounts.backend.EmailBackend")
        self._back_in_scope()

    def _back_in_scope(self) -> None:
        if connection.in_atomic_block:
            scope.enter(int(Make.organisation_in_scope))


@pytest.fixture
def client() -> Client:
    return ScopedClient()


@pytest.fixture
def make(db: None) -> Make:
    """Builds the cast and their hospitals, and everything else through the product's own verbs."""
    return Make()


def _member(name: str) -> Any:
    @pytest.fixture(name=name)
    def member(make: Make) -> User:
        return make.people[name]

    return member


asha, ben, eve, grace, omar, vera, ada, dora, olga, sam, cleo = map(
    _member, ["asha", "ben", "eve", "grace", "omar", "vera", "ada", "dora", "olga", "sam", "cleo"]
)


@pytest.hookimpl(tryfirst=True)  # before those are chosen that `-m` names
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.demonstration)
        if "people" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.journey)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The demonstration takes minutes to make, so it is begun at once, beside the tests that need nothing of it."""
    needed = any(item.get_closest_marker("demonstration") for item in session.items)
    if needed and not session.config.option.collectonly:
        demonstration = Stack()
        session.config.stash[STACK] = demonstration, ThreadPoolExecutor(1).submit(demonstration.start)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if STACK in session.config.stash:
        session.config.stash[STACK][0].stop()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The demonstration with a real web server and worker, shared by all who need it."""
    return request.config.stash[STACK][1].result()


@pytest.fixture
def royal(make: Make) -> Site:
    return make.sites["royal"]
