"""A supplier's model card fills in the form of a registration; a person reads, corrects and completes it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Product
from auditapp.exchange.card import meaning
from auditapp.exchange.forms.card import CardForm
from auditapp.exchange.models import ModelCard
from auditapp.exchange.models.card import must_register
from auditapp.tracking import profile_effects
from auditapp.tracking.forms import RegistrationForm


@require_http_methods(["GET", "POST"])
def cards(request: HttpRequest) -> HttpResponse:
    """Bring a card along; what is wrong with it is said beside it."""
    must_register(request.user)
    form = CardForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect(ModelCard.bring(by=request.user, **form.cleaned_data))
    page = {"form": form, "waiting": ModelCard.objects.visible_to(request.user).waiting().defer("content")}
    return render(request, "exchange/cards.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a deployment, starting from what the card says."""
    found = get_object_or_404(ModelCard.objects.visible_to(request.user).waiting(), pk=pk)
    must_register(request.user)
    said = found.read
    removed = profile_effects.removed_by_answer(profile_effects.critical_questions(request.user))
    form = RegistrationForm(request.POST or None, user=request.user, removed=removed, initial=meaning.initial(said))
    if request.method == "POST" and form.is_valid():
        product = Product.named(**form.about_product, organisation=request.user.organisation)
        deployment = Deployment.register(by=request.user, product=product, **form.about)
        deployment.add_version(by=request.user, **form.about_version)
        found.keep_with(deployment, by=request.user)
        messages.success(request, _("The deployment is registered. A second person has to confirm its profile."))
        return redirect(deployment)
    labels = {fact.id: fact.label for fact in profile.facts()}
    page = {
        "form": form,
        "card": found,
        "signs": [(labels[sign.fact], sign) for sign in meaning.signs(said)],
        "lines": meaning.lines(said),
        "shown": meaning.shown(said),
    }
    return render(request, "exchange/card.html", page, status=422 if form.errors else 200)


@require_POST
def card_giving_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Do away with a card that nothing was registered from."""
    found = get_object_or_404(ModelCard.objects.visible_to(request.user), pk=pk)
    found.give_up(by=request.user)
    messages.success(request, _("“%(name)s” is gone.") % {"name": found.filename})
    return redirect("exchange:cards")


@require_safe
def card_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The card as it came."""
    found = get_object_or_404(ModelCard.objects.visible_to(request.user), pk=pk)
    response = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="model-card-{found.sha256[:12]}.xml"'
    return response
