"""A product, or all of a vendor, across the hospitals that a person may see: versions, answers and findings.

What was answered comes from frozen submissions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Subquery
from django.http import QueryDict

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.audits.models import Submission
from auditapp.deployments.models import (
    Deployment,
    ModelVersion,
    NoticeAcknowledgement,
    Product,
    SupplierNotice,
    Vendor,
)
from auditapp.deployments.models.notice import REPORTERS
from auditapp.findings.models import Finding
from auditapp.questionnaires.models import Question
from auditapp.tracking import portfolio
from auditapp.tracking.check_answers import WORST_FIRST


def page(product: Product, user: User, query: QueryDict) -> dict[str, Any]:
    """One product: its deployments, a page of them at a time, with what their last issued audits answered."""
    rows = Deployment.objects.visible_to(user).filter(product=product)
    shown = lists.page(portfolio.with_columns(rows).order_by("site__name", "name"), query)
    reading = [row for row in portfolio.with_reports(shown.object_list) if user.reads_all_at(row.deployment.site_id)]
    read = {row.deployment.pk: row for row in reading}
    return {
        "product": product,
        "page": shown,
        "rows": [(deployment, read.get(deployment.pk)) for deployment in shown.object_list],
        "versions": versions(rows),
        "differences": differences(reading),
        "findings": open_findings(rows, user),
        "notices": notices([product], user),
        "may_enter": user.holds(*REPORTERS),
    }


def vendor_page(vendor: Vendor, user: User) -> dict[str, Any]:
    """All of a vendor: each product with what runs of it, without a valid audit, and open; six queries."""
    products = list(vendor.products.order_by("name"))
    rows = Deployment.objects.visible_to(user).filter(product__in=products)
    used = _counted(rows.in_use())
    without = _counted(rows.in_full(user).without_valid_audit())
    findings = Finding.objects.visible_to(user).open().filter(deployment__product__in=products).order_by()
    opened = dict(findings.values_list("deployment__product").annotate(n=Count("pk")))
    running = ModelVersion.objects.visible_to(user).running().filter(deployment__product__in=products)
    names: dict[int, set[str]] = defaultdict(set)
    for product, name in running.values_list("deployment__product", "name").order_by("name"):
        names[product].add(name)
    every = _counted(rows)
    return {
        "vendor": vendor,
        "rows": [
            {
                "product": product,
                "deployments": every.get(product.pk, 0),
                "used": used.get(product.pk, 0),
                "without": without.get(product.pk, 0),
                "findings": opened.get(product.pk, 0),
                "versions": sorted(names[product.pk]),
            }
            for product in products
        ],
        "notices": notices(products, user),
    }


def _counted(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("product").annotate(n=Count("pk")))


def versions(rows: Any) -> list[dict[str, Any]]:
    """Which versions run today, on how many deployments, since when at the earliest and latest; the commonest first."""
    running: Any = ModelVersion.objects.running().filter(deployment__in=rows.in_use())
    found = running.order_by().values("name").annotate(n=Count("pk"), first=Min("starts"), last=Max("starts"))
    return list(found.order_by("-n", "name"))


def open_findings(rows: Any, user: User) -> dict[str, int]:
    """How many of each priority are open on all deployments of the product; conditions of decisions have ""."""
    own = Finding.objects.visible_to(user).open().filter(deployment__in=rows).order_by()
    return dict(sorted(own.values_list("priority").annotate(n=Count("pk")), key=lambda row: row[0] or "P9"))


def notices(products: Sequence[Product], user: User) -> list[Any]:
    """Notices about these products with `answered` of `asked` deployments that the person sees; the latest first."""
    here = Deployment.objects.visible_to(user).exclude(status=Deployment.Status.RETIRED).order_by()
    asked = here.filter(product=OuterRef("product")).values("product").annotate(n=Count("pk")).values("n")
    said = NoticeAcknowledgement.objects.visible_to(user).filter(notice=OuterRef("pk"), deployment__in=here).order_by()
    answered = said.values("notice").annotate(n=Count("deployment", distinct=True)).values("n")
    rows = SupplierNotice.objects.visible_to(user).filter(product__in=products).with_names()
    return list(rows.annotate(asked=Subquery(asked), answered=Subquery(answered))[: lists.PER_PAGE])


@dataclass(frozen=True)
class Difference:
    """A check that the deployments' last issued audits answer differently: the worst answer first."""

    code: str
    text: str
    answers: list[tuple[str, list[Deployment]]]


def differences(rows: Iterable[portfolio.Row]) -> list[Difference]:
    """From the frozen answers of these deployments' last issued audits: two queries."""
    audited = {row.report.decision.submission_id: row.deployment for row in rows if row.report}
    if len(audited) < 2:
        return []
    given: dict[str, dict[str, list[Deployment]]] = defaultdict(lambda: defaultdict(list))
    for pk, states in Submission.objects.filter(pk__in=audited).values_list("pk", "states"):
        for code, state in states.items():
            given[code][state].append(audited[pk])
    differing = {code: answers for code, answers in given.items() if len(answers) > 1}
    texts = _texts(differing)
    found = [
        Difference(code, texts.get(code, ""), [(s, answers[s]) for s in WORST_FIRST if s in answers])
        for code, answers in differing.items()
    ]
    return sorted(found, key=lambda row: (WORST_FIRST.index(row.answers[0][0]), row.code))


def _texts(codes: Mapping[str, Any]) -> dict[str, str]:
    asked = Question.objects.current_wording().filter(code__in=codes).order_by()
    return dict(asked.values_list("code", "text"))


def notice_page(notice: SupplierNotice, user: User, query: QueryDict) -> dict[str, Any]:
    """One notice: where the product is deployed, which version runs there, and who said what they did."""
    newest = NoticeAcknowledgement.objects.filter(notice=notice, deployment=OuterRef("pk")).order_by("-pk")
    rows: Any = Deployment.objects.visible_to(user).filter(product=notice.product_id)
    rows = rows.exclude(status=Deployment.Status.RETIRED).annotate(said=Exists(newest))
    counts = rows.order_by().aggregate(asked=Count("pk"), answered=Count("pk", filter=Q(said=True)))
    shown = lists.page(rows.with_names().with_running_version().order_by("said", "site__name", "name"), query)
    deployments = list(shown.object_list)
    answers: dict[int, list[NoticeAcknowledgement]] = defaultdict(list)
    given = NoticeAcknowledgement.objects.visible_to(user).filter(notice=notice, deployment__in=deployments)
    for answer in given.select_related("by", "site").order_by("pk"):
        answers[answer.deployment_id].append(answer)
    return {
        "notice": notice,
        "page": shown,
        "rows": [_answered(notice, row, answers[row.pk], user) for row in deployments],
        **counts,
    }


def _answered(
    notice: SupplierNotice, deployment: Deployment, answers: list[NoticeAcknowledgement], user: User
) -> dict[str, Any]:
    version = deployment.running_version
    return {
        "deployment": deployment,
        "version": version,
        "concerned": version is not None and notice.concerns(version.name),
        "answers": answers,
        "may_answer": NoticeAcknowledgement.is_open_to(user, deployment),
        "href": notice.answer_url(deployment),
    }


def known_versions(product: Product, user: User) -> list[str]:
    """The names of the versions that were ever entered for it, where the person can see."""
    rows = ModelVersion.objects.visible_to(user).filter(deployment__product=product)
    return list(rows.order_by("name").values_list("name", flat=True).distinct())
