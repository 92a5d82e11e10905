"""Signing in and out, one's own account, and the people of an organisation."""

from base64 import b64encode

from axes.decorators import axes_dispatch
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts import devices, scope
from auditapp.accounts.devices import DeviceKey
from auditapp.accounts.forms import (
    InvitationForm,
    NotificationsForm,
    PasswordForm,
    RoleForm,
    SignInAgainForm,
    SignInForm,
)
from auditapp.accounts.models import Membership, User
from auditapp.accounts.notifications import MailChoice, OffLink
from auditapp.context import THEMES
from auditapp.email_url import NO_MAIL


def _back(request: HttpRequest, otherwise: str) -> str:
    """Where the person came from, if it is a page of ours."""
    there = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return there if ours else otherwise


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@axes_dispatch
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("tracking:my_work")
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(_back(request, "tracking:my_work"))
    return render(request, "accounts/sign_in.html", {"form": form, "next": _back(request, "")})


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@axes_dispatch
@require_POST
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Sign in from within a page that was left open, as the person whose page it is and as nobody else."""
    form = SignInAgainForm(request, request.POST)
    if not form.is_valid():
        return JsonResponse({"signed_in": False, "errors": form.sentences}, status=422)
    person = form.get_user()
    scope.enter(person.organisation_id, [])  # somebody else, of another organisation, may be signed in until now
    login(request, person)
    return JsonResponse({"signed_in": True})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign_in")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it; kept on this device."""
    response = redirect(_back(request, "tracking:my_work"))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_safe
def person(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/person.html")


@never_cache
@require_POST
def device_key(request: HttpRequest) -> HttpResponse:
    """The key under which this person's answers wait on this device, for the page's memory alone."""
    token = devices.device_token(request.COOKIES.get(devices.COOKIE, ""))
    key = DeviceKey.issue(by=request.user, token=token)
    response = JsonResponse({"person": request.user.pk, "key": b64encode(key).decode()})
    response.set_cookie(
        devices.COOKIE,
        token,
        max_age=devices.COOKIE_AGE,
        path=reverse("accounts:device_key"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@sensitive_post_parameters("present", "new")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        request.user.change_password(form.cleaned_data["new"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect("accounts:person")
    return render(request, "accounts/password.html", {"form": form})


@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    """What the person is told by e-mail."""
    choice = MailChoice.of(request.user)
    form = NotificationsForm(request.POST or None, choice=choice)
    if request.method == "POST" and form.is_valid():
        choice.choose(**form.cleaned_data)
        messages.success(request, _("Your choice is kept."))
        return redirect("accounts:notifications")
    page = {"form": form, "sends": settings.EMAIL_BACKEND != NO_MAIL, "hour": settings.DIGEST_HOUR}
    return render(request, "accounts/notifications.html", page)


@login_not_required
@csrf_exempt  # mail programs post here by themselves; the signed link says who, and nothing else is done with it
@require_http_methods(["GET", "POST"])
def mail_off(request: HttpRequest, token: str) -> HttpResponse:
    """The link at the end of a letter: asks, and on one click sends that kind of letter no more."""
    link = OffLink.read(token)
    if link is None:
        return render(request, "accounts/mail_off.html", {"link": None}, status=404)
    if request.method == "POST":
        link.use()
    page = {"link": link, "letter": MailChoice.Letter(link.letter).label, "done": request.method == "POST"}
    return render(request, "accounts/mail_off.html", page)


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    request.user.must_administer(to=_("see the people of the organisation"))
    everyone = User.objects.visible_to(request.user).prefetch_related("memberships__site")
    return render(request, "accounts/people.html", {"people": everyone})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    request.user.must_administer(to=_("add people"))
    form = InvitationForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        invited = User.invite(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(name)s can sign in now.") % {"name": invited.name})
        return redirect("accounts:people")
    return render(request, "accounts/invitation.html", {"form": form})


@require_http_methods(["GET", "POST"])
def roles(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role, or take one away (`membership` names it)."""
    colleague = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    request.user.must_administer(to=_("change roles"))
    form = RoleForm(request.POST or None, user=request.user)
    if membership := request.POST.get("membership"):
        colleague.take_role(get_object_or_404(Membership.objects.of(colleague), pk=membership), by=request.user)
        return redirect("accounts:roles", pk=pk)
    if request.method == "POST" and form.is_valid():
        colleague.give_role(form.cleaned_data["role"], site=form.cleaned_data["site"], by=request.user)
        return redirect("accounts:roles", pk=pk)
    return render(request, "accounts/roles.html", {"form": form, "colleague": colleague})


@require_POST
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    colleague = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    colleague.deactivate(by=request.user)
    messages.success(request, _("The account of %(name)s is closed.") % {"name": colleague.name})
    return redirect("accounts:people")
