"""The supplier's own page: no account, one link, and only what that link is about.

The token comes in the body of a form, never in an address. The session keeps its digest, and every request asks the
database again whether that link is in force.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from auditapp.accounts import scope
from auditapp.audits.forms.suppliers import CodeForm, ReplyForm, SupplierFileForm
from auditapp.audits.models import SupplierQuestion, SupplierRequest
from auditapp.audits.models.suppliers import digest_of

KEY = "supplier_link"  # in the session: the digest of the link


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open to whoever holds a link, kept by nobody on the way, found by no search engine, told to no other site."""

    @wraps(view)
    def shown(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        request.user = AnonymousUser()  # whoever is signed in at this browser has nothing to do with it
        scope.enter(None, [])
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "same-origin"  # a browser that tells nobody sends no Origin, which forms need
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return login_not_required(never_cache(shown))


@private
@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The questions behind the link, or the field for its code."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        digest = digest_of(form.cleaned_data["token"])
        if SupplierRequest.behind(digest):
            request.session.cycle_key()
            request.session[KEY] = digest
            return redirect("supplier:page")
        form.add_error("token", _("This code is not in force. Ask the hospital for a new one."))
    elif request.method == "GET" and (asked := _asked(request)):
        return _shown(request, asked)
    status = 404 if request.method == "GET" and request.session.pop(KEY, None) else 200
    return render(request, "supplier/door.html", {"form": form, "ended": status == 404}, status=status)


@private
@require_POST
def reply(request: HttpRequest, code: str) -> HttpResponse:
    """Save what is stated about one question."""
    asked, question = _question(request, code)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _shown(request, asked, code=code, reply=form)
    question.keep_reply(form.cleaned_data["text"])
    messages.success(request, _("Saved: your answer to %(code)s.") % {"code": code})
    return _back(code)


@private
@require_POST
def file(request: HttpRequest, code: str) -> HttpResponse:
    """Add a file or a link to one question."""
    asked, question = _question(request, code)
    form = SupplierFileForm(request.POST, request.FILES, code=code)
    if not form.is_valid():
        for why in form.not_taken:
            question.note_not_taken(why)
        return _shown(request, asked, code=code, file=form)
    for item in form.items:
        question.add_file(**item)
    messages.success(request, _("Added to %(code)s.") % {"code": code})
    return _back(code)


@private
@require_POST
def file_removal(request: HttpRequest, code: str) -> HttpResponse:
    """Take back a file that nobody has judged."""
    _asked_for, question = _question(request, code)
    question.take_off(request.POST.get("item", ""))
    messages.success(request, _("Taken off %(code)s.") % {"code": code})
    return _back(code)


@private
@require_POST
def sending(request: HttpRequest) -> HttpResponse:
    """Everything is answered as far as it can be."""
    asked = _asked(request)
    if asked is None:
        raise Http404
    asked.send_in()
    messages.success(request, _("Sent in. Thank you."))
    return redirect("supplier:page")


@private
@require_POST
def leaving(request: HttpRequest) -> HttpResponse:
    """Forget the link on this device."""
    request.session.pop(KEY, None)
    return redirect("supplier:page")


def _asked(request: HttpRequest) -> SupplierRequest | None:
    return SupplierRequest.behind(request.session.get(KEY, ""))


def _question(request: HttpRequest, code: str) -> tuple[SupplierRequest, SupplierQuestion]:
    asked = _asked(request)
    question = asked.question(code) if asked else None
    if asked is None or question is None:
        raise Http404
    return asked, question


def _back(code: str) -> HttpResponse:
    response = redirect("supplier:page")
    response["Location"] += f"#{code}"
    return response


def _shown(
    request: HttpRequest,
    asked: SupplierRequest,
    *,
    code: str = "",
    reply: ReplyForm | None = None,
    file: SupplierFileForm | None = None,
) -> HttpResponse:
    """Names of the hospital, the tool and the questions; nothing that was answered, noted or scored there."""
    parts = []
    for question in asked.asked:
        here = question.answer.code == code
        start = {"text": question.reply.text if question.reply else ""}
        parts.append(
            {
                "question": question,
                "open": asked.state == "open" and not question.is_settled,
                "reply": reply if here and reply else ReplyForm(initial=start, auto_id=f"{question.answer.code}_%s"),
                "file": file if here and file else SupplierFileForm(code=question.answer.code),
                "wrong": bool(here and (reply or file)),
                "wrong_file": bool(here and file),
            }
        )
    status = 422 if reply or file else 200
    context = {"asked": asked, "parts": parts, "wrong": reply or file, "code": code, "another": CodeForm()}
    return render(request, "supplier/page.html", context, status=status)
