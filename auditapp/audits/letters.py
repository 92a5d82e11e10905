"""Telling people by e-mail that something is asked of them, as jobs: sent once what was done is committed.

What a job is given are keys, since the queue is under no row security.
"""

from django.urls import reverse
from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import letters, scope
from auditapp.accounts.notifications import MailChoice

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)
QUEUE = "mail"


@app.task(queue=QUEUE, retry=AGAIN, name="mail.assigned")
def assigned(*, audit: int, user: int, organisation: int, site: int) -> None:
    """Questions were given to a person; nothing is sent when they were taken back or handed over meanwhile."""
    from auditapp.audits.models import Assignment, Audit  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        rows = Assignment.objects.filter(audit=audit, user=user)
        names = ("user", "audit__deployment", "audit__site", "audit__version__questionnaire")
        given = rows.select_related(*names).first()
        if given is None or given.audit.state != Audit.State.DRAFT:
            return
        found = given.audit
        title = f"{found.deployment.name}, {found.site.name} · {found.ref} · {found.version.questionnaire.title}"
        subject = _("Questions were given to you in %(ref)s") % {"ref": found.ref}
        letters.send(given.user, MailChoice.Letter.AT_ONCE, subject=subject, lines=[(title, found.get_absolute_url())])


@app.task(queue=QUEUE, retry=AGAIN, name="mail.mentioned")
def mentioned(*, mention: int, organisation: int, site: int) -> None:
    """A comment names a person; nothing is sent when it was withdrawn, or read, meanwhile."""
    from auditapp.audits.models import Mention  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        names = ("user", "comment__answer__audit__deployment", "site")
        row = Mention.objects.unread().filter(pk=mention).select_related(*names).first()
        if row is None:
            return
        answer = row.comment.answer
        title = f"{answer.code} · {answer.audit.deployment.name}, {row.site.name} · {answer.audit.ref}"
        href = reverse("audits:comments", args=[answer.audit.ref, answer.code])
        subject = _("You were mentioned in %(ref)s") % {"ref": answer.audit.ref}
        letters.send(row.user, MailChoice.Letter.AT_ONCE, subject=subject, lines=[(title, href)])
