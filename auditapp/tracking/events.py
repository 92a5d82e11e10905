"""What happened to a deployment beside its versions, audits and status: findings and notices, for its timeline."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import ngettext

from auditapp.deployments.models import Deployment, SupplierNotice
from auditapp.findings.ages import LocalDate
from auditapp.findings.models import Closure, Finding
from auditapp.tracking.charts import Span


def of(deployment: Deployment) -> list[Span]:
    """In three queries, however much happened; findings of one day are one mark."""
    opened = Finding.objects.filter(deployment=deployment).annotate(day=LocalDate("opened_at", "site__zone"))
    closed = Closure.objects.filter(finding__deployment=deployment).annotate(day=LocalDate("at", "site__zone"))
    href = f"{reverse('findings:list')}?deployment={deployment.ref}"
    return [
        *_counted(opened, ("%(n)s opened", "%(n)s opened"), f"{href}&state=all"),
        *_counted(closed, ("%(n)s closed", "%(n)s closed"), f"{href}&state=closed"),
        *_notices(deployment),
    ]


def _counted(rows: Any, words: tuple[str, str], href: str) -> Iterable[Span]:
    for day, n in rows.order_by().values_list("day").annotate(n=Count("pk")).order_by("day"):
        yield {"kind": "finding", "label": ngettext(*words, n) % {"n": n}, "href": href, "at": day}


def _notices(deployment: Deployment) -> Iterable[Span]:
    """Those about its product, on the day on which the supplier issued them."""
    for notice in SupplierNotice.objects.filter(product=deployment.product_id):
        label = str(notice.get_kind_display())
        yield {"kind": "notice", "label": label, "href": notice.get_absolute_url(), "at": notice.issued_on}
