"""The life of a deployment by the hospital's rules: no step into use without a valid decision for what runs.

Steps into pilot and live, and retirement, are proposed by one person and signed off by another. From the day that the
hospital set (`Policy.gate_from`), a step into use needs a valid decision for the running version; until then it is
taken with the notice that the gate is not on. Nobody goes round it: `Deployment.take_step` asks for the gate's word,
and only this module gives it.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, Policy, StatusChange, StatusProposal
from auditapp.deployments.models.step import SIGNED_OFF, Gate, GateWord
from auditapp.refusals import Refused
from auditapp.tracking import validity
from auditapp.tracking.standing import reopening
from auditapp.tracking.validity import NOT_NEEDED, Validity, said

CLOSED = "closed"


@dataclass(frozen=True)
class Answer:
    """What the gate says of a step into use now: whether it opens, in one sentence, and what is missing."""

    found: str  # one of Gate, or closed
    sentence: str
    missing: tuple[str, ...]
    validity: Validity
    todo: tuple[str, str] | None = None  # what to do, and where

    @property
    def is_open(self) -> bool:
        return self.found != CLOSED

    @property
    def lines(self) -> list[str | tuple[str, str]]:
        return [*self.missing, *([self.todo] if self.todo else [])]


def gate(deployment: Deployment, user: User) -> Answer:
    """For a step into use today. `user` is who would have to do what is missing."""
    site = deployment.site
    policy, today, valid = Policy.of(site), clock.today(site.zone), validity.of(deployment)
    if valid.state == NOT_NEEDED:
        return Answer(Gate.EXEMPT, _("By the rules of this hospital the tool is only registered."), (), valid)
    if valid.is_valid:
        words = {"ref": valid.audit, "day": said(valid.since)}
        return Answer(Gate.PASSED, _("%(ref)s, issued %(day)s, lets it run.") % words, (), valid)
    missing = tuple(reason.words for reason in valid.reasons)
    if not policy.gates(today):
        sentence = _("No valid decision covers what runs. The gate is not on: the step can be taken all the same.")
        if policy.gate_from:
            sentence = _(
                "No valid decision covers what runs. The gate is on from %(day)s: until then the step can be taken."
            ) % {"day": said(policy.gate_from)}
        return Answer(Gate.OFF, sentence, missing, valid, _todo(deployment, valid, user))
    sentence = _("A step into use needs a valid decision for the version that runs, and there is none.")
    return Answer(CLOSED, sentence, missing, valid, _todo(deployment, valid, user))


def _todo(deployment: Deployment, valid: Validity, user: User) -> tuple[str, str] | None:
    if valid.reaudit is None:
        return None
    audit = str(Audit.Reason(valid.reaudit.reason).label)
    if href := reopening(deployment, valid.reaudit, user):
        return _("Open the audit that is needed: %(audit)s") % {"audit": audit}, href
    return _("Ask an auditor for the audit that is needed: %(audit)s") % {"audit": audit}, deployment.get_absolute_url()


@transaction.atomic
def move(deployment: Deployment, to: str, *, by: User, reason: str) -> StatusChange | StatusProposal:
    """Take a step that needs nobody else, or propose one that a second person signs off."""
    if to not in SIGNED_OFF:
        return deployment.change_status(to, by=by, reason=reason)
    deployment.must_let_move(to, by=by, reason=reason)
    if to in Deployment.IN_USE:
        _must_open(gate(deployment, by))
    return deployment.propose_status(to, by=by, reason=reason)


@transaction.atomic
def sign_off(proposed: StatusProposal, *, by: User) -> StatusChange:
    """The second person's word. The gate is asked again: what was valid when it was proposed may have lapsed."""
    deployment = Deployment.objects.select_for_update(of=["self"]).with_names().get(pk=proposed.deployment_id)
    proposed.must_be_signed_by(by)
    word = None
    if proposed.to in Deployment.IN_USE:
        answer = gate(deployment, by)
        _must_open(answer)
        audit = answer.validity.audit if answer.found == Gate.PASSED else ""
        word = GateWord(deployment.pk, proposed.to, answer.found, audit)
    return deployment.take_step(proposed, by=by, word=word)


def _must_open(answer: Answer) -> None:
    if not answer.is_open:
        raise Refused(answer.sentence, answer.lines)
