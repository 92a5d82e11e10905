"""Incidents: reported, looked at, reviewed, let out blinded."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import lists
from auditapp.accounts.models import Role, Site
from auditapp.deployments.models import Deployment
from auditapp.findings import containment, incident_listing, incident_page
from auditapp.findings.forms.findings import asked_checks
from auditapp.findings.forms.incidents import DeploymentChoice, ExportForm, IncidentForm, IncidentReviewForm
from auditapp.findings.models import REPORTERS, Incident, IncidentExport
from auditapp.findings.questioning import reopen_checks


def _incident(request: HttpRequest, ref: str) -> Incident:
    return get_object_or_404(Incident.objects.visible_to(request.user).with_names(), ref=ref)  # type: ignore[arg-type]


@require_safe
def incidents(request: HttpRequest) -> HttpResponse:
    """What happened on all deployments that the person sees, or on one of them."""
    sites = list(Site.objects.in_reach_of(request.user))
    found = incident_listing.found(Incident.objects.visible_to(request.user), request.GET, sites)
    if request.GET.get("format") == "csv":
        return incident_listing.as_csv(found)
    shown = lists.page(containment.with_containment(found), request.GET)
    only = Deployment.objects.visible_to(request.user).filter(ref=lists.typed(request.GET, "deployment")).first()
    page = {
        "page": shown,
        "rows": containment.of_listed(shown),
        "search": incident_listing.search(request.GET, sites),
        "causes": lists.links(request.GET, "cause", incident_listing.CAUSES),
        "only": only and lists.links(request.GET, "deployment", [(only.ref, only.name), ("", _("All deployments"))]),
        "may_report": request.user.holds(*REPORTERS),
    }
    return render(request, "incidents/list.html", page)


@require_safe
def choice(request: HttpRequest) -> HttpResponse:
    """On which deployment it happened."""
    request.user.must_hold(*REPORTERS, site=None, to=_("report an incident"))
    mine = Deployment.objects.visible_to(request.user)
    form = DeploymentChoice(request.GET if "deployment" in request.GET else None, deployments=mine)
    if form.is_valid():
        return redirect("incidents:report", ref=form.cleaned_data["deployment"].ref)
    return render(request, "findings/choice.html", {"form": form, "what": "incident"})


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, ref: str) -> HttpResponse:
    """Report what happened on a deployment."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*REPORTERS, site=deployment.site, to=_("report an incident"))
    form = IncidentForm(request.POST or None, deployment=deployment, questions=asked_checks(request.user))
    if request.method == "POST" and form.is_valid():
        incident = Incident.report(deployment, by=request.user, **form.cleaned_data)
        form.keep(incident, by=request.user)
        messages.success(request, _("%(ref)s is reported.") % {"ref": incident.ref})
        return redirect(incident)
    return render(request, "incidents/report.html", {"form": form, "deployment": deployment})


@require_safe
def incident(request: HttpRequest, ref: str) -> HttpResponse:
    """One incident: what was reported, what the review found, what was done."""
    return render(request, "incidents/incident.html", incident_page.page(_incident(request, ref), request.user))


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, ref: str) -> HttpResponse:
    """Whether the AI contributed, and what harm was done."""
    shown = _incident(request, ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=shown.site, to=_("review an incident"))
    form = IncidentReviewForm(request.POST or None, incident=shown)
    if request.method == "POST" and form.is_valid():
        shown.review(by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("Your review is kept."))
        return redirect(shown)
    return render(request, "incidents/review.html", {"form": form, "incident": shown})


@require_POST
def findings(request: HttpRequest, ref: str) -> HttpResponse:
    """Open a finding for each check that the incident questions, or open it again."""
    shown = _incident(request, ref)
    done = reopen_checks(shown, by=request.user)
    n = done.opened + done.again
    told = ngettext("%(n)s finding is open now.", "%(n)s findings are open now.", n) % {"n": n}
    messages.success(request, told if n else _("Each of these checks has an open finding already."))
    return redirect(shown)


@require_http_methods(["GET", "POST"])
def exporting(request: HttpRequest, ref: str) -> HttpResponse:
    """Write the blinded account and let it out."""
    shown = _incident(request, ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=shown.site, to=_("export an incident"))
    form = ExportForm(request.POST or None, incident=shown)
    if request.method == "POST" and form.is_valid():
        made = IncidentExport.make(shown, by=request.user, **form.cleaned_data)
        messages.success(request, _("The export is kept as it is. Read it before you send it."))
        return redirect(made)
    return render(request, "incidents/exporting.html", {"form": form, "incident": shown})


def _export(request: HttpRequest, ref: str, number: UUID) -> IncidentExport:
    rows = IncidentExport.objects.visible_to(request.user).select_related("incident__site", "by")  # type: ignore[arg-type]
    return get_object_or_404(rows, incident__ref=ref, number=number)


@require_safe
def export(request: HttpRequest, ref: str, number: UUID) -> HttpResponse:
    """The blinded account as it left, to read and to print."""
    made = _export(request, ref, number)
    return render(request, "incidents/export.html", {"export": made, "said": made.content})


@require_safe
def export_json(request: HttpRequest, ref: str, number: UUID) -> HttpResponse:
    """The same as data: the very bytes whose digest is kept."""
    made = _export(request, ref, number)
    response = HttpResponse(bytes(made.canonical), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="incident-{made.number.hex}.json"'
    return response
