"""Links to suppliers by e-mail, as jobs. A token is made where it is sent, so that no queue and no log holds one."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits.models import SupplierRequest, SupplierSending
from auditapp.audits.models.suppliers import REMINDERS
from auditapp.email_url import NO_MAIL

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


def is_set_up() -> bool:
    """Whether e-mail leaves this installation at all; otherwise links are passed on by hand."""
    return settings.EMAIL_BACKEND != NO_MAIL


def address(token: str) -> str:
    """What the contact opens. What stands behind the # is never sent to a server, so no log and no referrer has it."""
    return f"{settings.PUBLIC_URL}{reverse('supplier:page')}#{token}"


def send_soon(request: SupplierRequest, *, kind: str, by: int | None) -> None:
    """Send a link once what was done is committed; does nothing where no e-mail is set up."""
    if is_set_up():
        send.defer(request=request.pk, kind=kind, by=by, organisation=request.organisation_id, site=request.site_id)


@app.task(queue="mail", retry=AGAIN, name="suppliers.send")
def send(*, request: int, kind: str, by: int | None, organisation: int, site: int) -> None:
    """Send one link. Run again after a crash it may send a second one, which opens the same page."""
    with scope.entered(organisation, [site]):
        row = SupplierRequest.objects.waiting().for_reading().filter(pk=request).first()
        if row is not None:
            _send(row, kind=kind, by=by)


@app.periodic(cron="23 7 * * *")
@app.task(queue="mail", queueing_lock="suppliers.remind", name="suppliers.remind")
def remind(timestamp: int) -> None:
    """Every morning: remind those who were asked and are silent, at set distances from the due date."""
    if is_set_up():
        remind_all()


def remind_all() -> int:
    """Each distance once per request; of several that were missed only the last. Returns how many went out."""
    sent = 0
    for organisation in scope.organisations():
        with scope.entered(organisation):
            keys = list(SupplierRequest.objects.waiting().values_list("pk", flat=True))
        for key in keys:
            with scope.entered(organisation):
                sent += _remind(key)
    return sent


def _remind(key: int) -> int:
    row = SupplierRequest.objects.waiting().select_for_update(of=["self"]).filter(pk=key).first()
    if row is None:
        return 0
    today = clock.today(row.site.zone)
    reached = [days for days in REMINDERS if row.due + timedelta(days=days) <= today]
    asked_on = clock.day(row.at, row.site.zone)
    reached = [days for days in reached if row.due + timedelta(days=days) > asked_on]
    if not reached or row.sendings.filter(days__gte=reached[-1]).exists():
        return 0
    _send(SupplierRequest.objects.for_reading().get(pk=key), kind=SupplierSending.Kind.REMINDER, days=reached[-1])
    return 1


def _send(row: SupplierRequest, *, kind: str, by: int | None = None, days: int | None = None) -> None:
    """The letter holds the message, how many questions there are, and the link; no question and no answer."""
    token = row.new_link(by=User.objects.filter(pk=by).first() if by else None, kind=kind, days=days)
    due = date_format(row.due, "j M Y")
    about = {"hospital": row.site.name, "tool": row.audit.deployment.product.name, "n": len(row.asked), "due": due}
    subject = _("%(hospital)s asks %(n)s questions about %(tool)s, by %(due)s")
    if kind == SupplierSending.Kind.REMINDER:
        subject = _("Reminder: %(hospital)s asks %(n)s questions about %(tool)s, by %(due)s")
    parts = [
        _("Dear %(name)s,") % {"name": row.contact_name},
        _("%(by)s of %(hospital)s asks you %(n)s questions about %(tool)s, to be answered by %(due)s.")
        % (about | {"by": row.by.name}),
        row.message,
        _("Open this page. You need no account:") + f"\n{address(token)}",
        _("If the page asks for a code, it is:") + f"\n{token}",
        _("Whoever has this link can answer in your place. It works until %(day)s.")
        % {"day": date_format(row.expires_on, "j M Y")},
        _("Do not send patient data."),
    ]
    EmailMessage(
        subject % about,
        "\n\n".join(part for part in parts if part),
        to=[row.contact_email],
        reply_to=[row.by.email],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
