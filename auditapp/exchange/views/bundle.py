"""Readiness bundles: the list, asking for one, its page, releasing it, giving it out; and who releases."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import lists
from auditapp.deployments.models import Deployment
from auditapp.exchange.forms.bundle import BundleForm, ReleaseRuleForm, VerdictForm
from auditapp.exchange.models import Bundle, ReleaseRule
from auditapp.exchange.models.bundle import ASKERS


def _bundle(request: HttpRequest, ref: str) -> Bundle:
    found = get_object_or_404(Bundle.objects.visible_to(request.user).with_names(), ref=ref)
    found.must_be_open_to(request.user)
    return found


@require_safe
def bundles(request: HttpRequest) -> HttpResponse:
    """Those that the person may ask for or releases, the newest first."""
    rows = Bundle.objects.visible_to(request.user).open_to(request.user).with_names()
    page = {
        "page": lists.page(rows, request.GET),
        "may_ask": request.user.holds(*ASKERS),
        "may_rule": request.user.holds_everywhere("administrator"),
    }
    return render(request, "exchange/bundles.html", page)


@require_http_methods(["GET", "POST"])
def asking(request: HttpRequest) -> HttpResponse:
    """Have a bundle made. An address with ?deployment= has everything filled in: one click."""
    request.user.must_hold(*ASKERS, site=None, to=_("have a readiness bundle made"))
    named = Deployment.objects.visible_to(request.user).filter(ref=request.GET.get("deployment", "")).first()
    initial = {"deployment": named.ref, "site": named.site_id} if named else {}
    form = BundleForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        return redirect(Bundle.ask(by=request.user, **form.cleaned_data))
    page = {"form": form, "named": named}
    return render(request, "exchange/bundle_asking.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def bundle(request: HttpRequest, ref: str) -> HttpResponse:
    """How far it is, what can be done, and for who releases it the question whether to."""
    found = _bundle(request, ref)
    form = VerdictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found.judge(by=request.user, **form.cleaned_data)
        messages.success(request, _("Your decision is recorded."))
        return redirect(found)
    page = {
        "bundle": found,
        "form": form,
        "may_release": found.may_release(request.user),
        "may_read": found.may_be_read_by(request.user),
        "may_ask": request.user.holds(*ASKERS, site=found.site),
    }
    return render(request, "exchange/bundle.html", page, status=422 if form.errors else 200)


@require_POST
def bundle_try(request: HttpRequest, ref: str) -> HttpResponse:
    """Have one that could not be made tried again."""
    found = _bundle(request, ref)
    found.try_again(by=request.user)
    return redirect(found)


@require_safe
def bundle_file(request: HttpRequest, ref: str) -> FileResponse:
    """The zip, sent from the disk piece by piece."""
    found = _bundle(request, ref)
    file = found.give_out(to=request.user)
    name = f"{found.ref}-{found.as_of.isoformat()}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_http_methods(["GET", "POST"])
def release_rules(request: HttpRequest) -> HttpResponse:
    """Who releases bundles, where."""
    request.user.must_administer(to=_("say who releases bundles"))
    form = ReleaseRuleForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        ReleaseRule.adopt(by=request.user, **form.cleaned_data)
        messages.success(request, _("That holds for bundles that are made from now on."))
        return redirect("exchange:release_rules")
    page = {"form": form, "rules": ReleaseRule.objects.visible_to(request.user).in_force()}
    return render(request, "exchange/release_rules.html", page, status=422 if form.errors else 200)
