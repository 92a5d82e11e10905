"""The least that Django does for a request: one indexed read, one update, no session, no person, no page."""

import os

import dj_database_url
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

ROWS = 180_000  # about as many as there are answers in a thousand audits
TABLE = f"""
    CREATE TABLE bench_bare (id bigint PRIMARY KEY, text text NOT NULL, n integer NOT NULL);
    INSERT INTO bench_bare SELECT i, 'Seen on the ward, entry ' || i, 0 FROM generate_series(1, {ROWS}) i;
    GRANT SELECT, UPDATE ON bench_bare TO auditapp_web;
"""


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


def one_row(request: HttpRequest, pk: int) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, n FROM bench_bare WHERE id = %s", [pk])
        text, n = cursor.fetchone()
        cursor.execute("UPDATE bench_bare SET n = %s WHERE id = %s", [n + 1, pk])
    return JsonResponse({"text": text, "n": n + 1})


urlpatterns = [path("healthz", healthz), path("<int:pk>/", one_row)]


def _configured() -> None:
    database = dj_database_url.parse(os.environ["DATABASE_URL"])
    pool = {"OPTIONS": {"pool": {"min_size": 1, "max_size": 6}}}
    settings.configure(
        SECRET_KEY="only-for-measuring",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {**database, **pool, "ATOMIC_REQUESTS": True}},
    )


if not settings.configured:
    _configured()
    application = get_wsgi_application()
