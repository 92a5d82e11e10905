"""The least that Django does for a request: one indexed read, one update, no session, no person, no page.

And the least that it does for a form: 180 rows read and written into one, in a plain template.
"""

import os

import dj_database_url
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Engine
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


CHOICES = [(1, "Met"), (2, "Partly met"), (3, "Not met"), (4, "Not applicable")]
FORM = Engine().from_string(
    """<!doctype html><html lang="en"><title>180 questions</title><form method="post">
    {% for id, text, n in rows %}<fieldset>
      <legend>{{ text }} Is it so on every ward, and who has looked at it last?</legend>
      {% for value, label in choices %}
        <label><input type="radio" name="verdict-{{ id }}" value="{{ value }}"{% if value == n %} checked{% endif %}>
          {{ label }}</label>
      {% endfor %}
      <label>Note <textarea name="note-{{ id }}" rows="3">{{ text }}</textarea></label>
    </fieldset>{% endfor %}<button>Save</button></form></html>"""
)


def form(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, text, n FROM bench_bare ORDER BY id LIMIT 180")
        return HttpResponse(FORM.render(Context({"rows": cursor.fetchall(), "choices": CHOICES})))


urlpatterns = [path("healthz", healthz), path("<int:pk>/", one_row), path("form/", form)]


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
