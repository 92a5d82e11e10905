"""What looked like patient data in an audit and was kept: read by whoever may read the audit."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from auditapp.audits.models import Audit, KeptPassage


@require_safe
def kept_passages(request: HttpRequest, ref: str) -> HttpResponse:
    """Each of them with who kept it, where and why; never the passage itself."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    kept = list(KeptPassage.objects.visible_to(request.user).of_audit(audit))
    return render(request, "audits/kept_passages.html", {"audit": audit, "kept": kept})
