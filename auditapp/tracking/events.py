"""What happened to a deployment beside its versions, audits and status: findings, incidents, notices."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import ngettext

from auditapp.deployments.models import Deployment, SupplierNotice
from auditapp.findings.ages import LocalDate
from auditapp.findings.models import Closure, Finding, Incident
from auditapp.tracking.charts import Span


def of(deployment: Deployment) -> list[Span]:
    """In four queries, however much happened; findings of one day are one mark."""
    opened = Finding.objects.filter(deployment=deployment).annotate(day=LocalDate("opened_at", "site__zone"))
    closed = Closure.objects.filter(finding__deployment=deployment).annotate(day=LocalDate("at", "site__zone"))
    words: dict[date, list[str]] = defaultdict(list)
    for day, n in _by_day(opened):
        words[day].append(ngettext("%(n)s opened", "%(n)s opened", n) % {"n": n})
    for day, n in _by_day(closed):
        words[day].append(ngettext("%(n)s closed", "%(n)s closed", n) % {"n": n})
    href = f"{reverse('findings:list')}?deployment={deployment.ref}&state=all"
    findings: list[Span] = [
        {"kind": "finding", "label": ", ".join(said), "href": href, "at": day} for day, said in sorted(words.items())
    ]
    return [*findings, *_incidents(deployment), *_notices(deployment)]


def _by_day(rows: Any) -> Iterable[tuple[date, int]]:
    return rows.order_by().values_list("day").annotate(n=Count("pk"))


def _incidents(deployment: Deployment) -> Iterable[Span]:
    """On the day on which each happened."""
    for incident in Incident.objects.filter(deployment=deployment):
        yield {
            "kind": "incident",
            "label": incident.ref,
            "href": incident.get_absolute_url(),
            "at": incident.happened_on,
        }


def _notices(deployment: Deployment) -> Iterable[Span]:
    """Those about its product, on the day on which the supplier issued them."""
    for notice in SupplierNotice.objects.filter(product=deployment.product_id):
        label = str(notice.get_kind_display())
        yield {"kind": "notice", "label": label, "href": notice.get_absolute_url(), "at": notice.issued_on}
