"""When findings were opened, for the database: the day at their hospital, and how old they are."""

from django.db import models
from django.db.models import Case, CharField, F, Value, When

from auditapp.findings.listing import AGES, of_age

LABELS = {code: label for code, label, *_days in AGES}  # the newest first


class LocalDate(models.Func):
    """The calendar day of an instant at a hospital: LocalDate("opened_at", "site__zone")."""

    template = "(TIMEZONE(%(expressions)s))::date"
    output_field = models.DateField()

    def __init__(self, instant: str, zone: str) -> None:
        super().__init__(F(zone), F(instant))


def age() -> Case:
    """The code of a finding's age, as the list of findings filters by it."""
    return Case(*(When(of_age(code), then=Value(code)) for code in LABELS), output_field=CharField())
