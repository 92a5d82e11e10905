"""What leaves the house: the decision, the frozen report facts, the files made from them, and the signatures."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import rfc8785
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.audits import reconciliation
from auditapp.audits.models import Audit, Submission
from auditapp.findings.models import Finding
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports import facts, jobs
from auditapp.reports.fields import TIMESTAMPS
from auditapp.reports.reauthentication import Reauthentication
from auditapp.text import clean
from auditapp.trail.models import Event

RENEWED_BEFORE = timedelta(days=90)  # the certificate of an archival timestamp ends


class Decision(Placed):
    """What people decided, beside the calculated result and never derived from it."""

    submission = models.OneToOneField(Submission, models.PROTECT, related_name="decision")
    code = models.CharField(max_length=40)
    stage_group = models.CharField(max_length=10)
    reasons = models.TextField()
    role = models.CharField(max_length=30, choices=Role.choices)
    live = models.BooleanField()
    calculated_result = models.CharField(max_length=30)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reasons=""), name="a_decision_has_reasons")]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.code}"

    @staticmethod
    def calculate(audit: Audit) -> dict[str, Any]:
        """The result once more, from the submission, the hazard ratings open now and whether the tool is live now.

        Returns what `scoring.score` returns; the answers are those of the frozen submission.
        """
        return facts.result_now(audit, audit.submission.facts, live=audit.deployment.is_live)

    @staticmethod
    def must_be_open_to(by: User, audit: Audit) -> None:
        """Refuse unless this person may record the decision on this audit now."""
        role = audit.version.decision_role
        by.must_hold(role, site=audit.site, to=_("record the decision on this audit"))
        if audit.state != Audit.State.REVIEWED:
            raise Refused(_("A decision follows the review; this audit is not at that point."))
        submission = audit.submission
        if role != Role.CLINICAL_SAFETY_OFFICER and by in (submission.by, submission.review.by):
            raise Refused(_("Whoever prepared or reviewed this audit does not record its decision."))

    @classmethod
    @transaction.atomic
    def record(
        cls, audit: Audit, *, by: User, code: str, reasons: str, conditions: Sequence[dict[str, Any]] = ()
    ) -> "Decision":
        """Record one of the decisions that the content permits for this result, and freeze the report facts.

        `conditions` are {"text", "owner", "due": date}; a decision "with conditions" or "contingencies" needs one.
        Interim continuation is not offered. Raises Refused when the decision is not permitted.
        """
        audit = Audit.objects.select_for_update(of=["self"]).with_names().get(pk=audit.pk)
        cls.must_be_open_to(by, audit)
        submission = audit.submission
        scored = cls.calculate(audit)
        permitted = scored["result"]["permitted_decisions"]
        if code not in permitted:
            raise Refused(_("This decision is not permitted for the calculated result. Choose one of those listed."))
        if not clean(reasons):
            raise Refused(_("Give the reasons for the decision."))
        if code in facts.NEEDS_CONDITIONS and not conditions:
            raise Refused(_("This decision needs at least one condition, with an owner and a date."))
        live = audit.deployment.is_live
        decision = cls.objects.create(
            **audit.place,
            submission=submission,
            code=code,
            stage_group=facts.stage_group(audit.version, code),
            reasons=clean(reasons),
            role=audit.version.decision_role,
            live=live,
            calculated_result=scored["result"]["calculated_result"],
            by=by,
            at=clock.now(),
        )
        Condition.objects.bulk_create(
            Condition(
                **audit.place, decision=decision, n=n, text=clean(c["text"]), owner=clean(c["owner"]), due=c["due"]
            )
            for n, c in enumerate(conditions, start=1)
        )
        report = Report.freeze(audit, decision, scored["result"], by=by)
        audit.move(Audit.State.DECIDED, by=by, decision=code, sha256=report.sha256)
        jobs.render.defer(report=report.pk, organisation=audit.organisation_id, site=audit.site_id)
        return decision


class Condition(Placed):
    """One thing that must hold or happen for a decision to stand; it becomes a finding when the report is issued."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="conditions")
    n = models.PositiveSmallIntegerField()
    text = models.TextField()
    owner = models.CharField(max_length=120)
    due = models.DateField()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "n"], name="one_condition_per_number"),
            models.CheckConstraint(
                condition=~models.Q(text="") & ~models.Q(owner=""), name="a_condition_has_a_text_and_an_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} condition {self.n}"


class ReportQuerySet(ReadInFullQuerySet):
    def with_names(self) -> "ReportQuerySet":
        return self.select_related(
            "audit__organisation", "audit__site", "audit__deployment", "audit__version__questionnaire", "decision"
        )

    def issued(self) -> "ReportQuerySet":
        return self.exclude(issued_at=None)

    def to_be_finished(self) -> "ReportQuerySet":
        """Signed by all and not sealed, or at a lower level than was wanted."""
        newest = ReportFile.objects.filter(report=models.OuterRef("pk")).order_by("-step")
        rows = self.alias(level=models.Subquery(newest.values("level")[:1]))
        rows = rows.alias(
            wanted=models.Subquery(newest.values("wanted")[:1]), step=models.Subquery(newest.values("step")[:1])
        )
        rows = rows.alias(given=models.Count("signatures"))
        unsealed = models.Q(issued_at=None, audit__state=Audit.State.SIGNING, step=models.F("given"), step__gt=0)
        lowered = models.Q(level__gt="") & ~models.Q(level=models.F("wanted"))
        return rows.filter(lowered | unsealed)

    def to_be_renewed(self) -> "ReportQuerySet":
        """Those whose newest archival timestamp ends within the time kept for its renewal."""
        newest = ReportFile.objects.filter(report=models.OuterRef("pk")).order_by("-step")
        rows = self.alias(ends=models.Subquery(newest.values("timestamp_ends")[:1]))
        return rows.filter(ends__lt=clock.now() + RENEWED_BEFORE)

    def newest_of(self, ref: str) -> "ReportQuerySet":
        """The report of an audit's last decided round, with all who act on it and how it ended; at most one row."""
        people = ("decision__by", "decision__submission__by", "decision__submission__review__by")
        rows = self.with_names().select_related(*people, "refusal", "audit__superseded_by")
        rows = rows.defer("decision__submission__canonical")
        rows = rows.prefetch_related(models.Prefetch("signatures", Signature.objects.select_related("by")))
        return rows.filter(audit__ref=ref).order_by("-pk")[:1]


class Report(Placed):
    """The report of one decided round: its facts are frozen before the first signature and printed once.

    It is void when a signatory refused; it is then kept and readable and never issued.
    """

    audit = models.ForeignKey(Audit, models.PROTECT, related_name="reports")
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="report")
    canonical = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="a_report_has_a_digest"),
            models.UniqueConstraint(
                fields=["audit"], condition=~models.Q(issued_at=None), name="one_issued_report_per_audit"
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} of {self.audit_id}"

    @property
    def trail_stream(self) -> str:
        return self.audit.trail_stream

    def get_absolute_url(self) -> str:
        return reverse("reports:report", args=[self.audit.ref])

    @property
    def facts(self) -> dict[str, Any]:
        """The stored bytes, parsed."""
        return json.loads(bytes(self.canonical))

    @classmethod
    def freeze(cls, audit: Audit, decision: Decision, result: dict[str, Any], *, by: User) -> "Report":
        """Freeze everything the report says, as canonical bytes with their digest."""
        frozen = facts.report(audit, decision, result)
        canonical = rfc8785.dumps(frozen)
        return cls.objects.create(
            **audit.place,
            audit=audit,
            decision=decision,
            canonical=canonical,
            sha256=hashlib.sha256(canonical).hexdigest(),
            created_at=decision.at,
        )

    @property
    def is_void(self) -> bool:
        return hasattr(self, "refusal")

    @property
    def signatories(self) -> list[dict[str, Any]]:
        """In signing order: {order, role, role_label, meaning, field}, as frozen."""
        return self.facts["signatories"]

    @property
    def last_step(self) -> int:
        """The step of the last signatory; the seal is the next, and what proves all of it follows."""
        return len(self.signatories)

    def files_up_to(self, step: str) -> "models.QuerySet[ReportFile]":
        """The file of a step given as text, or the newest one; at most one row."""
        files = self.files.filter(step=int(step)) if step.isdecimal() and len(step) < 5 else self.files.all()
        return files.order_by("-step")[:1]

    def signing_steps(self) -> list[dict[str, Any]]:
        """Each signatory as frozen, with the signature once given and whether it is in the PDF already."""
        given = {s.order: s for s in self.signatures.all()}
        done = set(self.files.values_list("step", flat=True))
        return [s | {"signature": given.get(s["order"]), "in_pdf": s["order"] in done} for s in self.signatories]

    def progress(self, file: "ReportFile | None") -> str:
        """What is being done to the document now, in words; empty when it waits for people or is complete."""
        if self.is_void:
            return ""
        if file is None:
            return _("The PDF is being rendered.")
        given = len(self.signatures.all())
        if file.step < given:
            return _("Signature %(n)s is being put into the PDF.") % {"n": given}
        if self.issued_at is None and file.step == self.last_step:
            return _("All have signed. The organisation's seal is being put into the PDF.")
        if file.is_lowered:
            return _("Its timestamp is still missing: the authority is asked every ten minutes until it answers.")
        return ""

    def envelope(self) -> dict[str, Any]:
        """The JSON export: the frozen facts, and around them what came later."""
        return {
            "schema": 1,
            "sha256": self.sha256,
            "facts": self.facts,
            "issued_at": clock.utc_text(self.issued_at) if self.issued_at else None,
            "signatures": [
                {
                    "order": s.order,
                    "role": s.role,
                    "meaning": s.meaning,
                    "by": s.by.for_facts,
                    "at": clock.utc_text(s.at),
                    "facts_sha256": s.facts_sha256,
                    "shown_sha256": s.shown_sha256,
                    "reauthenticated_at": clock.utc_text(s.reauthentication.at) if s.reauthentication else None,
                }
                for s in self.signatures.select_related("by", "reauthentication")
            ],
            "files": list(self.files.order_by("step").values("step", "sha256", "printed_with")),
        }

    @property
    def newest_file(self) -> "ReportFile | None":
        """The file with the most signatures so far; its content is read only when it is asked for."""
        return self.files.defer("content").order_by("step").last()

    def next_signatory(self) -> dict[str, Any] | None:
        """Whose turn it is; None when all have signed."""
        signed = self.signatures.count()
        return next((s for s in self.signatories if s["order"] == signed + 1), None)

    def refusal_to(self, user: User) -> str:
        """Why this person cannot sign now, in words; empty when it is their turn."""
        turn = self.next_signatory()
        if self.audit.state != Audit.State.SIGNING or turn is None:
            return _("This report is not waiting for a signature.")
        if not user.holds(turn["role"], site=self.audit.site):
            return _("It is the turn of the %(role)s to sign.") % {"role": turn["role_label"].lower()}
        if any(signature.by_id == user.pk for signature in self.signatures.all()):
            return _("You have already signed; each signature is given by a different person.")
        submission = self.decision.submission
        expected = {
            Role.AUDITOR: submission.by,
            Role.CLINICAL_SAFETY_OFFICER: submission.review.by,
            self.decision.role: self.decision.by,
        }.get(turn["role"], user)
        if expected != user:
            return _("%(name)s signs this, as the person who did what the signature states.") % {"name": expected.name}
        if self.newest_file is None or self.newest_file.step != turn["order"] - 1:
            return _("The document is being prepared. Try again in a moment.")
        return ""

    def note_shown(self, *, to: User) -> None:
        """That the document was opened for signing is on the trail."""
        Event.record(to, "report.shown_for_signing", self.audit, file=self.files.latest("step").sha256)

    @transaction.atomic
    def sign(
        self, *, by: User, meaning: str, shown_sha256: str, reauthentication: Reauthentication | None = None
    ) -> "Signature":
        """Sign for one meaning, over the facts and the very file that was shown.

        The page of the signature passes the re-authentication that it asked for just before; the database lets each
        bear one signature, of the same person, meaning and digests. There is none where the demonstration or a test
        plays a person, and the export says so. The signature is this row; a job then puts it into the PDF.
        """
        report = Report.objects.select_for_update(of=["self"]).with_names().get(pk=self.pk)
        if refusal := report.refusal_to(by):
            raise NotAllowed(refusal)
        turn, shown = report.next_signatory(), report.newest_file
        if meaning != turn["meaning"]:
            raise Refused(_("Choose what your signature means."))
        if shown_sha256 != shown.sha256:
            raise Refused(_("The document has changed since it was shown to you. Read it again."))
        signature = Signature.objects.create(
            **self.place,
            report=report,
            order=turn["order"],
            role=turn["role"],
            meaning=meaning,
            facts_sha256=report.sha256,
            shown_sha256=shown.sha256,
            reauthentication=reauthentication,
            by=by,
            at=clock.now(),
        )
        Event.record(
            by, "report.signed", report.audit, order=signature.order, role=signature.role,
            meaning=hashlib.sha256(meaning.encode()).hexdigest(), facts=report.sha256, shown=shown.sha256,
        )  # fmt: skip
        jobs.sign.defer(report=report.pk, order=signature.order, organisation=self.organisation_id, site=self.site_id)
        return signature

    @transaction.atomic
    def refuse(self, *, by: User, reason: str) -> "SigningRefusal":
        """Refuse to sign, with the reason: the report is void and the audit goes back to be filled again."""
        report = Report.objects.select_for_update(of=["self"]).with_names().get(pk=self.pk)
        if refusal := report.refusal_to(by):
            raise NotAllowed(refusal)
        if not clean(reason):
            raise Refused(_("Give the reason why you do not sign."))
        turn = report.next_signatory()
        refused = SigningRefusal.objects.create(
            **self.place, report=report, role=turn["role"], reason=clean(reason), by=by, at=clock.now()
        )
        report.audit.next_round(by=by, reopened=None, verb="report.refused")
        return refused

    @transaction.atomic
    def keep_file(
        self, step: int, content: bytes, *, to_be_sealed: bool = False, printed_with: str = "", **proves: Any
    ) -> "ReportFile":
        """Insert the file of a step, or find the one that another run of the job inserted first; then move on.

        `printed_with` names renderer and fonts of the file that was printed.
        Step 0 is unsigned and lets the signing begin. The seal issues the report: that is the step after the last
        signatory. A report that was printed before there were seals cannot be sealed; its last signature issues it.
        """
        report = Report.objects.select_for_update(of=["self"]).with_names().get(pk=self.pk)
        if kept := report.files.filter(step=step).first():
            return kept
        kept = ReportFile.objects.create(
            **self.place,
            report=report,
            step=step,
            content=content,
            printed_with=printed_with,
            sha256=hashlib.sha256(content).hexdigest(),
            at=clock.now(),
            **proves,
        )
        Event.record(None, "report.file", report.audit, step=step, sha256=kept.sha256, **_level_of(kept))
        if step == 0:
            report.audit.move(Audit.State.SIGNING, by=None)
        elif report.issued_at is None and step >= report.last_step and not to_be_sealed:
            report._issue()
        return kept

    def _issue(self) -> None:
        """All have signed: the report is issued, conditions become findings, and an older revision is superseded."""
        signer = self.signatures.latest("order")
        self.audit.move(Audit.State.ISSUED, by=signer.by, verb="report.issued", sha256=self.sha256)
        Report.objects.filter(pk=self.pk).update(issued_at=self.audit.issued_at)
        reconciliation.close_settled(self.audit, by=signer.by)
        for condition in self.decision.conditions.all():
            Finding.open_on(
                self.audit.deployment,
                by=self.decision.by,
                source=self.audit.ref,
                origin=Finding.Origin.CONDITION,
                title=condition.text,
                owner=condition.owner,
                due=condition.due,
            )
        self._tell_deployment(by=signer.by)
        if self.audit.supersedes is not None:
            self.audit.supersedes.move(Audit.State.SUPERSEDED, by=signer.by, superseded_by=self.audit.ref)

    def _tell_deployment(self, *, by: User) -> None:
        """On the deployment's own trail: all from which can be told later what was valid on which day."""
        audit, earlier = self.audit, self.audit.supersedes
        about = {
            "audit": audit.ref, "key": audit.pk, "version": audit.model_version_id, "reason": audit.reason,
            "triggers": audit.triggers, "decision": self.decision.code, "profile": audit.profile["n"],
            "opened_at": clock.utc_text(audit.opened_at), "supersedes": earlier and earlier.ref,
        }  # fmt: skip
        Event.record(by, "deployment.audited", audit.deployment, **about)


def _level_of(file: "ReportFile") -> dict[str, str]:
    return {"level": file.level, "wanted": file.wanted} if file.level else {}


class ReportFile(Placed):
    """The PDF after a step: 0 unsigned, then one more signature each, then the seal, then what proves all of it.

    Rows are only ever inserted. The seal and what follows say which level of PAdES they reach, which one was wanted
    when the seal was made, and when the certificate of the newest archival timestamp ends.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="files")
    step = models.PositiveSmallIntegerField()
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, db_index=True)
    printed_with = models.CharField(max_length=300, blank=True, default="", db_default="")  # of step 0: see pdf.Printed
    at = models.DateTimeField()
    level = models.CharField(max_length=5, blank=True, default="", db_default="")
    wanted = models.CharField(max_length=5, blank=True, default="", db_default="")
    timestamp_ends = models.DateTimeField(null=True)
    objects = ReadInFullQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "step"], name="one_file_per_step")]

    def __str__(self) -> str:
        return f"{self.report_id} step {self.step}"

    @property
    def proves(self) -> str:
        """What the level means, in words."""
        return {
            "B-B": _("who signed, and that nothing was changed since"),
            "B-T": _("who signed and before which time, and that nothing was changed since"),
            "B-LT": _("who signed and before which time, that nothing was changed since and no certificate revoked"),
            "B-LTA": _(
                "who signed and before which time, that nothing was changed since and no certificate revoked, "
                "also after the certificates have ended"
            ),
        }.get(self.level, "")

    @property
    def has_room_for_a_timestamp(self) -> bool:
        return self.report.files.exclude(timestamp_ends=None).count() < len(TIMESTAMPS)

    @property
    def is_lowered(self) -> bool:
        """Whether the level is lower than wanted, because a timestamp authority did not answer."""
        return self.level != self.wanted


class Signature(Placed):
    """A person, asked for address and password for this one act, signed with this meaning over these two digests."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="signatures")
    order = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=30, choices=Role.choices)
    meaning = models.CharField(max_length=200)
    facts_sha256 = models.CharField(max_length=64)
    shown_sha256 = models.CharField(max_length=64)
    reauthentication = models.OneToOneField(Reauthentication, models.PROTECT, null=True, related_name="signature")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["report", "order"], name="one_signature_per_signatory"),
            models.UniqueConstraint(fields=["report", "by"], name="each_signature_by_a_different_person"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.order}"


class SigningRefusal(Placed):
    """A signatory did not sign: the report is void from here on."""

    report = models.OneToOneField(Report, models.PROTECT, related_name="refusal")
    role = models.CharField(max_length=30, choices=Role.choices)
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="a_refusal_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.report_id} refused"
