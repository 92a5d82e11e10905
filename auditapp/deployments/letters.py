"""Telling owners of a supplier's notice by e-mail, as jobs: sent once the notice is committed."""

from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import letters, scope
from auditapp.accounts.notifications import MailChoice

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(queue="mail", retry=AGAIN, name="mail.notice")
def tell(*, notice: int, organisation: int) -> None:
    """A letter for each owner, at every hospital: whoever entered the notice may see only one of them."""
    from auditapp.deployments.models import SupplierNotice  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation):
        owners = {row.owner_id for row in SupplierNotice.objects.get(pk=notice).unanswered()}
        for owner in sorted(owners):
            job = tell_owner.configure(lock=f"mail.notice {notice} {owner}")
            job.defer(notice=notice, owner=owner, organisation=organisation)


@app.task(queue="mail", retry=AGAIN, name="mail.notice_to_owner")
def tell_owner(*, notice: int, owner: int, organisation: int) -> None:
    """One owner's letter; nothing is sent when they have said meanwhile what they did."""
    from auditapp.accounts.models import User  # noqa: PLC0415 - the models defer these jobs
    from auditapp.deployments.models import SupplierNotice  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation):
        row = SupplierNotice.objects.with_names().get(pk=notice)
        theirs = row.unanswered().filter(owner=owner)
        if not theirs:
            return
        lines = [
            (f"{d.name}, {d.site.name} · {row.get_kind_display()}: {row.title}", row.answer_url(d)) for d in theirs
        ]
        subject = _("A notice of the supplier of %(product)s") % {"product": row.product.name}
        letters.send(User.objects.get(pk=owner), MailChoice.Letter.AT_ONCE, subject=subject, lines=lines)
