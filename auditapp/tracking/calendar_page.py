"""The page on which a person makes or ends the private address of their calendar feed, and what is behind it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts import scope
from auditapp.accounts.feeds import CalendarFeed
from auditapp.accounts.letters import absolute
from auditapp.tracking import calendar_feed as feeds

WHAT = [
    ("mine", gettext_lazy("Only what is mine: deployments that I own, and findings given to me or on these")),
    ("all", gettext_lazy("Everything that I see")),
]


class CalendarForm(forms.Form):
    """What stands in the feed."""

    what = forms.ChoiceField(
        label=gettext_lazy("What stands in it"), choices=WHAT, initial="mine", widget=forms.RadioSelect
    )


@never_cache
@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The address in force, and making one; it is shown in the answer and never again."""
    form = CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        token = CalendarFeed.make(by=request.user, only_mine=form.cleaned_data["what"] == "mine")
        address = absolute(reverse("tracking:calendar_feed", args=[token]))
        return render(request, "tracking/calendar_address.html", {"address": address}, status=201)
    feed = CalendarFeed.objects.visible_to(request.user).in_force().first()
    page = {"form": form, "feed": feed, "most": feeds.MOST}
    return render(request, "tracking/calendar.html", page, status=422 if form.errors else 200)


@require_POST
def calendar_end(request: HttpRequest) -> HttpResponse:
    """The address leads nowhere from here on."""
    CalendarFeed.revoke(by=request.user)
    messages.success(request, _("The address is revoked. A calendar that still asks for it gets nothing."))
    return redirect("tracking:calendar")


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """What is due for the person whose address this is, as they may see it today; whoever asks needs no session."""
    request.user = AnonymousUser()  # whoever is signed in at this browser has nothing to do with it
    scope.enter(None, [])
    feed = CalendarFeed.behind(token)
    if feed is None:
        raise Http404
    feed.note_use()
    found = feeds.entries(feed.user, only_mine=feed.only_mine)
    # Weak: only the moment at which it was written may differ.
    etag = f'W/"{feeds.digest(feed, found)}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(feeds.written(feed, found), content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
