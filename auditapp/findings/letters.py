"""Telling of an incident by e-mail, as jobs: sent once the report is committed, with a title and a link."""

from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import letters, scope
from auditapp.accounts.notifications import MailChoice

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(queue="mail", retry=AGAIN, name="mail.incident")
def tell(*, incident: int, organisation: int, site: int) -> None:
    """A letter for each safety officer of the hospital and whoever asked for these letters; not for the reporter."""
    from auditapp.findings.models import Incident  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Incident.objects.select_related("site").get(pk=incident)
        for person in MailChoice.readers(MailChoice.Letter.INCIDENTS, row.site, organisation):
            if person.pk != row.by_id:
                job = tell_one.configure(lock=f"mail.incident {incident} {person.pk}")
                job.defer(incident=incident, user=person.pk, organisation=organisation, site=site)


@app.task(queue="mail", retry=AGAIN, name="mail.incident_to_one")
def tell_one(*, incident: int, user: int, organisation: int, site: int) -> None:
    """One person's letter, if they may still see the incident. It says what was reported on, not what happened."""
    from auditapp.accounts.models import User  # noqa: PLC0415 - the models defer these jobs
    from auditapp.findings.models import Incident  # noqa: PLC0415

    with scope.entered(organisation, [site]):
        person = User.objects.get(pk=user)
        row = Incident.objects.visible_to(person).with_names().filter(pk=incident).first()
        if row is None:
            return
        words = {"kind": row.get_kind_display(), "what": row.deployment.name, "site": row.site.name, "ref": row.ref}
        line = (_("%(kind)s %(ref)s on %(what)s, %(site)s") % words, row.get_absolute_url())
        subject = _("%(kind)s reported on %(what)s") % words
        letters.send(person, MailChoice.Letter.INCIDENTS, subject=subject, lines=[line])
