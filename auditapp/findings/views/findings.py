"""The list of findings, one finding with all that is known of it, and what is done to it as a whole."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import lists
from auditapp.accounts.models import Role, Site
from auditapp.deployments.models import KEEPERS, Deployment
from auditapp.evidence.giving_out import INERT, given_out
from auditapp.evidence.models import Evidence
from auditapp.findings import finding_page, listing, rules
from auditapp.findings.forms.findings import (
    ClosureForm,
    DueForm,
    FindingForm,
    OwnerForm,
    PriorityForm,
    ReopeningForm,
    RootCauseForm,
    asked_checks,
)
from auditapp.findings.forms.incidents import DeploymentChoice
from auditapp.findings.models import Finding, Incident, RootCause
from auditapp.findings.models.finding import ANSWERERS
from auditapp.findings.views.acting import act_page, finding_of


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """What is missing, on all deployments that the person sees or on some of them."""
    mine = Finding.objects.visible_to(request.user)
    sites = list(Site.objects.in_reach_of(request.user))
    found = listing.found(mine, request.GET, sites)
    if request.GET.get("format") == "csv":
        return listing.as_csv(found)
    only = Deployment.objects.visible_to(request.user).filter(ref=lists.typed(request.GET, "deployment")).first()
    page = {
        "page": lists.page(found, request.GET),
        "search": listing.search(request.GET, sites),
        "states": lists.links(request.GET, "state", listing.STATES),
        "only": only and lists.links(request.GET, "deployment", [(only.ref, only.name), ("", _("All deployments"))]),
        "grouped": listing.grouped(mine, request.GET, sites),
        "narrowed": listing.narrowed(request.GET, mine),
        "may_open": request.user.holds(*KEEPERS),
    }
    return render(request, "findings/list.html", page)


@require_safe
def finding(request: HttpRequest, ref: str) -> HttpResponse:
    """One finding: what is missing, who sees to it by when, what was done, how it was rated and closed."""
    return render(request, "findings/finding.html", finding_page.page(finding_of(request, ref), request.user))


@require_safe
def choice(request: HttpRequest) -> HttpResponse:
    """On which deployment something is missing."""
    request.user.must_hold(*KEEPERS, site=None, to=_("open a finding"))
    mine = Deployment.objects.visible_to(request.user).exclude(status=Deployment.Status.RETIRED)
    form = DeploymentChoice(request.GET if "deployment" in request.GET else None, deployments=mine)
    if form.is_valid():
        return redirect("findings:entry", ref=form.cleaned_data["deployment"].ref)
    return render(request, "findings/choice.html", {"form": form, "what": "finding"})


@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, ref: str) -> HttpResponse:
    """Open a finding by hand; the content's rule for its priority is shown."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*KEEPERS, site=deployment.site, to=_("open a finding"))
    ruled = rules.priorities(rules.in_force(request.user), live=deployment.is_live)
    form = FindingForm(request.POST or None, deployment=deployment, rules=ruled, questions=asked_checks(request.user))
    form.offer(rules.readers_at(deployment.site))
    if request.method == "POST" and form.is_valid():
        named = Incident.objects.visible_to(request.user).filter(ref=lists.typed(request.GET, "incident"))
        about = form.cleaned_data | {"incident": named.filter(deployment=deployment).first()}
        opened = Finding.enter(deployment, by=request.user, **about)
        form.keep(opened, by=request.user)
        messages.success(request, _("%(ref)s is open.") % {"ref": opened.ref})
        return redirect(opened)
    return render(request, "findings/entry.html", {"form": form, "deployment": deployment})


@require_http_methods(["GET", "POST"])
def priority(request: HttpRequest, ref: str) -> HttpResponse:
    """Make it more or less urgent."""
    shown = finding_of(request, ref)
    request.user.must_hold(*ANSWERERS, site=shown.site, to=_("change a priority"))
    ruled = rules.priorities(rules.in_force(request.user), live=shown.deployment.is_live)
    form = PriorityForm(request.POST or None, finding=shown, rules=ruled)
    if request.method == "POST" and form.is_valid():
        shown.change_priority(form.cleaned_data["priority"], by=request.user, reason=form.cleaned_data["reason"])
        form.keep(shown, by=request.user)
        messages.success(request, _("The priority is changed."))
        return redirect(shown)
    return act_page(request, form, shown, heading=_("Change the provisional priority"), button=_("Change the priority"))


@require_http_methods(["GET", "POST"])
def due(request: HttpRequest, ref: str) -> HttpResponse:
    """Bring the due date forward, or put it off."""
    shown = finding_of(request, ref)
    request.user.must_hold(*ANSWERERS, site=shown.site, to=_("move a due date"))
    form = DueForm(request.POST or None, finding=shown)
    if request.method == "POST" and form.is_valid():
        shown.move_due(form.cleaned_data["due"], by=request.user, reason=form.cleaned_data["reason"])
        form.keep(shown, by=request.user)
        messages.success(request, _("The due date is moved."))
        return redirect(shown)
    return act_page(request, form, shown, heading=_("Move the due date"), button=_("Move the date"))


@require_http_methods(["GET", "POST"])
def owner(request: HttpRequest, ref: str) -> HttpResponse:
    """Give it to somebody else."""
    shown = finding_of(request, ref)
    request.user.must_hold(*KEEPERS, site=shown.site, to=_("give a finding to another owner"))
    start = {"person": shown.person_id, "owner": "" if shown.person_id else shown.owner}
    form = OwnerForm(request.POST or None, initial=start)
    form.offer(rules.readers_at(shown.site))
    if request.method == "POST" and form.is_valid():
        shown.hand_over(by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("%(name)s sees to it now.") % {"name": shown.owner})
        return redirect(shown)
    return act_page(request, form, shown, heading=_("Change the owner"), button=_("Change the owner"))


@require_http_methods(["GET", "POST"])
def closure(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody who is not its owner has seen that it is put right."""
    shown = finding_of(request, ref)
    request.user.must_hold(*ANSWERERS, site=shown.site, to=_("close a finding"))
    form = ClosureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        shown.verify(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(shown, by=request.user)
        messages.success(request, _("%(ref)s is closed.") % {"ref": ref})
        return redirect(shown)
    told = _("For whoever has looked and is not its owner. Its actions are done and found effective first.")
    return act_page(request, form, shown, heading=_("Close the finding"), button=_("Close it"), expectation=told)


@require_http_methods(["GET", "POST"])
def reopening(request: HttpRequest, ref: str) -> HttpResponse:
    """It is not in order after all."""
    shown = finding_of(request, ref)
    request.user.must_hold(*ANSWERERS, site=shown.site, to=_("open a finding again"))
    form = ReopeningForm(request.POST or None, finding=shown)
    if request.method == "POST" and form.is_valid():
        shown.take_up_again(by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("%(ref)s is open again.") % {"ref": ref})
        return redirect(shown)
    told = _("How it was closed, and when it was first due, stays on the record.")
    return act_page(
        request, form, shown, heading=_("Open the finding again"), button=_("Open it again"), expectation=told
    )


@require_http_methods(["GET", "POST"])
def root_cause(request: HttpRequest, ref: str) -> HttpResponse:
    """Say why it was missing; what was said before stays."""
    shown = finding_of(request, ref)
    request.user.must_hold(*KEEPERS, site=shown.site, to=_("state a root cause"))
    newest = shown.root_causes.last()
    start = {"text": newest.text if newest else "", "base": newest.n if newest else 0}
    form = RootCauseForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        RootCause.state(shown, by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("The root cause is stated. It is internal until it is released."))
        return redirect(shown)
    return act_page(request, form, shown, heading=_("State the root cause"), button=_("State it"))


@require_POST
def root_cause_release(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """Let one statement stand in what leaves the hospital."""
    shown = finding_of(request, ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=shown.site, to=_("release a root cause"))
    get_object_or_404(shown.root_causes.select_related("finding__deployment"), n=n).release(by=request.user)
    messages.success(request, _("The root cause is released."))
    return redirect(shown)


@require_safe
def evidence_file(request: HttpRequest, ref: str, sha256: str) -> FileResponse:
    """A file that shows that an action of this finding was done; to keep, and not to open in the page."""
    shown = finding_of(request, ref)
    of_this = Evidence.objects.visible_to(request.user).filter(action_steps__action__finding=shown, sha256=sha256)
    return given_out(get_object_or_404(of_this.distinct()[:1]), policy=INERT, inline=False)
