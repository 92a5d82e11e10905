"""One transaction and one scope around each request, and the page that says why something was refused."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from auditapp.accounts import scope
from auditapp.refusals import Refused


class Scope:
    """Opens the request's transaction and lets the database show it only what the signed-in person may see.

    The view runs in a savepoint of its own (ATOMIC_REQUESTS): when it raises, its writes are gone, and the error page
    is still rendered in this scope. Nothing is answered before the outer transaction has committed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            if request.user.is_authenticated:
                scope.enter_as(request.user)
            else:
                scope.enter(None, [])
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return render(request, "errors/409.html", {"refusal": exception}, status=409)


class Announced:
    """Refuses a request that says it is larger than any file may be, before a byte of it is read.

    Whatever reads forms comes later: the check of the token would take in all of it first.
    """

    BESIDE = 2 * 1024 * 1024  # bytes of the other fields of a form

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdecimal() and int(announced) > settings.EVIDENCE_MAX_BYTES + self.BESIDE:
            return render(request, "errors/413.html", status=413)
        return self.get_response(request)
