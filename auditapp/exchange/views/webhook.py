"""Webhooks, for administrators of the organisation: adding one, its secret, its log."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from auditapp import lists
from auditapp.exchange import jobs
from auditapp.exchange.forms.webhook import KindsForm, WebhookForm
from auditapp.exchange.models import Delivery, Webhook
from auditapp.exchange.models.webhook import Kind

STATES = [(state, label) for state, label in Delivery.State.choices if state != Delivery.State.KNOWN]


def _webhook(request: HttpRequest, pk: int) -> Webhook:
    found = get_object_or_404(Webhook.objects.visible_to(request.user), pk=pk)
    Webhook.must_be_open_to(request.user)
    return found


@never_cache
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Those there are, and adding one; its secret is shown in the answer and never again."""
    Webhook.must_be_open_to(request.user)
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added, secret = Webhook.add(by=request.user, **form.cleaned_data)
        return render(request, "exchange/webhook_secret.html", {"webhook": added, "secret": secret}, status=201)
    page = {"form": form, "webhooks": Webhook.objects.visible_to(request.user)}
    return render(request, "exchange/webhooks.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is told, and the log of what it was told."""
    found = _webhook(request, pk)
    form = KindsForm(request.POST or None, initial={"kinds": found.kinds})
    if request.method == "POST" and form.is_valid():
        found.change(by=request.user, **form.cleaned_data)
        messages.success(request, _("It is told that from now on."))
        return redirect(found)
    state = lists.chosen(request.GET, "state", [state for state, _label in STATES])
    kind = lists.chosen(request.GET, "kind", Kind.values)
    rows = found.deliveries.shown()
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(kind=kind) if kind else rows
    page = {
        "webhook": found,
        "form": form,
        "page": lists.page(rows, request.GET),
        "states": lists.links(request.GET, "state", [("", _("All")), *STATES]),
        "kinds": lists.links(request.GET, "kind", [("", _("All")), *Kind.choices]),
    }
    return render(request, "exchange/webhook.html", page, status=422 if form.errors else 200)


@never_cache
@require_POST
def webhook_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret; the one before signs as well for a day."""
    found = _webhook(request, pk)
    secret = found.renew_secret(by=request.user)
    page = {"webhook": found, "secret": secret, "renewed": True}
    return render(request, "exchange/webhook_secret.html", page, status=201)


@require_POST
def webhook_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a test sent at once."""
    found = _webhook(request, pk)
    found.test(by=request.user)
    jobs.queue_telling(found.pk, found.organisation_id)
    messages.success(request, _("A test is on its way. Its outcome appears in the log below."))
    return redirect(found)


@require_POST
def webhook_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell it nothing for now."""
    found = _webhook(request, pk)
    found.pause(by=request.user)
    return redirect(found)


@require_POST
def webhook_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on telling it."""
    found = _webhook(request, pk)
    found.resume(by=request.user)
    return redirect(found)


@require_POST
def webhook_removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell it nothing ever again."""
    found = _webhook(request, pk)
    found.remove(by=request.user)
    messages.success(request, _("The webhook is removed. What it was told stays on record."))
    return redirect("exchange:webhooks")


@require_POST
def webhook_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one delivery sent anew."""
    found = _webhook(request, pk)
    wanted = request.POST.get("delivery", "")
    delivery = get_object_or_404(found.deliveries.shown(), public_id=wanted if len(wanted) == 32 else None)
    delivery.send_again(by=request.user)
    jobs.queue_telling(found.pk, found.organisation_id)
    messages.success(request, _("It is sent again."))
    return redirect(found)
