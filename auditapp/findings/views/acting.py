"""What the pages of single acts have in common: the thing looked up, and a form with its words."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from auditapp.findings.models import Finding


def finding_of(request: HttpRequest, ref: str) -> Finding:
    """The finding, if the person may read it."""
    return get_object_or_404(Finding.objects.visible_to(request.user).with_names(), ref=ref)  # type: ignore[arg-type]


def act_page(request: HttpRequest, form: Any, finding: Finding, **words: Any) -> HttpResponse:
    """`words`: heading, button and, where there is one, expectation and tone ("danger")."""
    return render(request, "findings/act.html", {"form": form, "finding": finding, **words})
