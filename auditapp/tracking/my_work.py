"""What waits for one person, and nothing else, in the order in which it should be done."""

from collections.abc import Iterator

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, Role, Site, User
from auditapp.audits.models import Audit, StandingAnswer
from auditapp.audits.models.standing import SOON
from auditapp.deployments.models import KEEPERS, SIGNERS, Deployment, Intake, ModelVersion, Profile, StatusProposal
from auditapp.deployments.models.approval import STALE
from auditapp.findings.models import Finding
from auditapp.questionnaires.models import Draft
from auditapp.tracking import answering, brought_in, in_motion, incident_work, talking
from auditapp.tracking.tasks import Kind, Task, named

# What will appear here, by role: for the page that is empty.
APPEARS = {
    Role.AUDITOR: gettext_lazy(
        "audits that you opened, containment checks after incidents, profiles to confirm, reports to sign"
    ),
    Role.CATEGORY_LEAD: gettext_lazy("questions and categories that you are given, comments that mention you"),
    Role.CLINICAL_SAFETY_OFFICER: gettext_lazy(
        "audits and incidents to review, findings left lying, profiles to confirm, reports to sign, "
        "questionnaires to publish, approvals that lapsed"
    ),
    Role.EXECUTIVE: gettext_lazy("reports to sign"),
    Role.GOVERNANCE_CHAIR: gettext_lazy("decisions to record, reports to sign, questionnaires to publish"),
    Role.DEPLOYMENT_OWNER: gettext_lazy("overdue findings, profiles to confirm, versions that run without an audit"),
}


def appears_for(user: User) -> list[str]:
    """What this person's roles will bring here; empty for those who only read or administer."""
    held = {membership.role for membership in user.held}
    return [str(words) for role, words in APPEARS.items() if role in held]


def waiting_for(user: User) -> list[Task]:
    """Everything, in order. The number of queries does not depend on how much there is."""
    sources = [
        _overdue, in_motion.waiting, answering.drafts, answering.assigned, answering.approvals,
        brought_in.copies, brought_in.readings, brought_in.statements, talking.waiting,
        _standing, _steps, _proposals, _profiles, _questionnaires, _uncovered,
        incident_work.containments, incident_work.reviews, incident_work.left_lying, incident_work.actions,
        incident_work.effects,
    ]  # fmt: skip
    return sorted((task for source in sources for task in source(user)), key=lambda task: task.place_in_line)


def _overdue(user: User) -> Iterator[Task]:
    """Findings past their date that are the person's, or on what they own, together for each deployment in use."""
    late = Finding.objects.visible_to(user).overdue().filter(Q(deployment__owner=user) | Q(person=user))
    late = late.exclude(deployment__status=Deployment.Status.RETIRED).order_by()
    rows = late.values("deployment__ref", "deployment__name", "site__name", "site__zone")
    for row in rows.annotate(n=Count("pk"), first=Min("due")):
        verb = ngettext("See to %(n)s overdue finding", "See to %(n)s overdue findings", row["n"]) % row
        href = f"{reverse('findings:list')}?state=overdue&deployment={row['deployment__ref']}"
        what = named(row["deployment__name"], row["site__name"])
        yield Task(Kind.OVERDUE, verb, what, href, row["site__zone"], due=row["first"])


def _profiles(user: User) -> Iterator[Task]:
    """Profiles that somebody else filled in, waiting for a second person."""
    if not user.holds(*KEEPERS):
        return
    waiting = Profile.objects.visible_to(user).waiting().exclude(by=user)
    waiting = waiting.filter(site__in=Site.objects.where(user, *KEEPERS))
    live = waiting.exclude(deployment__status=Deployment.Status.RETIRED).select_related("deployment__site")
    for profile in live:
        deployment = profile.deployment
        href = reverse("tracking:profile", args=[deployment.ref])
        what = named(deployment.name, deployment.site.name)
        yield Task(Kind.CONFIRM, _("Confirm the profile"), what, href, deployment.site.zone, since=profile.at)


def _steps(user: User) -> Iterator[Task]:
    """Steps in the life of a deployment that somebody else proposed, waiting to be signed off."""
    if not user.holds(*SIGNERS):
        return
    waiting = StatusProposal.objects.visible_to(user).waiting().exclude(by=user)
    for step in waiting.filter(site__in=Site.objects.where(user, *SIGNERS)).with_names():
        deployment = step.deployment
        words = _("Sign off the step to: %(status)s") % {"status": Deployment.Status(step.to).label}
        href = reverse("tracking:sign_off", args=[deployment.ref])
        what = named(deployment.name, deployment.site.name)
        yield Task(Kind.CONFIRM, words, what, href, deployment.site.zone, since=step.at)


def _proposals(user: User) -> Iterator[Task]:
    """Tools that people would like to use, for who keeps deployments there; and what became of one's own."""
    rows = Intake.objects.visible_to(user).with_names()
    kept = rows.waiting().filter(site__in=Site.objects.where(user, *KEEPERS)) if user.holds(*KEEPERS) else rows.none()
    for proposal in kept:
        what = named(proposal.name, proposal.site.name, proposal.ref)
        words = _("Register or decline a proposed tool")
        yield Task(Kind.TRIAGE, words, what, proposal.get_absolute_url(), proposal.site.zone, since=proposal.at)
    for proposal in rows.untold(user):
        what = named(proposal.name, proposal.site.name, proposal.ref)
        words = _("Read what became of your proposal: %(state)s") % {"state": proposal.get_state_display()}
        yield Task(Kind.TOLD, words, what, proposal.get_absolute_url(), proposal.site.zone, since=proposal.decided_at)


def _standing(user: User) -> Iterator[Task]:
    """Answers for the whole hospital that the person keeps and that expire within thirty days, or have."""
    today = clock.now().date()
    newest = StandingAnswer.objects.visible_to(user).newest()
    kept = StandingAnswer.objects.visible_to(user).filter(pk__in=newest.values("pk"), keeper=user)
    for answer in kept.filter(valid_until__lte=today + SOON):
        verb = _("Renew the answer for the whole hospital")
        if answer.valid_until < today:
            verb = _("Renew the answer for the whole hospital; it has expired")
        href = reverse("audits:standing_answer", args=[answer.check_code])
        yield Task(Kind.RENEW, verb, answer.check_code, href, "UTC", due=answer.valid_until)


def _questionnaires(user: User) -> Iterator[Task]:
    """Questionnaires that somebody else offered, waiting for a second person to publish them."""
    if not user.holds(*GOVERNORS):
        return
    offered = Draft.objects.visible_to(user).filter(state=Draft.State.OFFERED).exclude(offered_by=user)
    for draft in offered.select_related("questionnaire"):
        href = reverse("questionnaires:draft_difference", args=[draft.questionnaire.code])
        what = _("%(title)s, version %(n)s") % {"title": draft.about["title"], "n": draft.number}
        yield Task(Kind.PUBLISH, _("Read and publish the questionnaire"), what, href, "UTC", since=draft.offered_at)


def _uncovered(user: User) -> Iterator[Task]:
    """What runs without a valid audit and has none under way: for its owner; where one lapsed, for the safety officer.

    What was never audited is not the officer's to see to one by one: the portfolio lists it.
    """
    officer, owner = Role.CLINICAL_SAFETY_OFFICER, Role.DEPLOYMENT_OWNER
    if not user.holds(owner, officer):
        return
    under_way = Audit.objects.under_way().filter(model_version=OuterRef("pk"))
    watched = Q(site__in=Site.objects.where(user, officer), lapse__in=STALE)
    mine = (
        ModelVersion.objects.visible_to(user)
        .running()
        .uncovered()
        .filter(~Exists(under_way), watched | Q(deployment__owner=user), deployment__status__in=Deployment.IN_USE)
    )
    for version in mine.select_related("deployment__site"):
        deployment = version.deployment
        what = named(deployment.name, deployment.site.name)
        verb, href = _("Have version %(version)s audited"), deployment.get_absolute_url()
        if version.lapse == "decision_against_use":
            verb = _("Act on the decision about version %(version)s")
            href = reverse("reports:report", args=[version.audited_by])
        elif version.lapse in STALE:
            verb = _("Have version %(version)s audited again. %(why)s")
        words = verb % {"version": version.name, "why": version.approval_sign["word"]}
        since = version.audited_at or version.starts
        yield Task(Kind.UNCOVERED, words, what, href, deployment.site.zone, since=since)
