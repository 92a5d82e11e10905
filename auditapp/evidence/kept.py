"""What looked like patient data and was kept, because a person said that it is none."""

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import groupby
from operator import attrgetter, or_
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from auditapp import clock
from auditapp.accounts.models import Organisation, Site, User
from auditapp.evidence.models import Evidence
from auditapp.identifiers.looking import Found, digest_of
from auditapp.identifiers.rules import NAMES
from auditapp.trail.models import Event

# What a passage can stand in; of evidence also the answer that it was added to is named.
TEXTS = ("revision", "standing", "evidence", "audit", "finding", "incident", "hazardrating")


class KeptPassageQuerySet(models.QuerySet["KeptPassage"]):
    def visible_to(self, user: User) -> Self:
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if user.reach is None else rows.filter(Q(site=None) | Q(site_id__in=user.reach))

    def of_audit(self, audit: Any) -> Self:
        """In answers, evidence and acts of one audit, the newest first."""
        rows = self.filter(Q(revision__answer__audit=audit) | Q(answer__audit=audit) | Q(audit=audit))
        return rows.select_related("by", "revision__answer", "evidence", "answer").order_by("-pk")


class KeptPassage(models.Model):
    """One person's word that a passage is not patient data; rows are only added.

    The passage itself is in the text that was saved with it and nowhere else: this row, the trail and the logs know it
    by a keyed digest. It is asked for once per answer: who saves the same words there again is not asked.
    """

    class Reason(models.TextChoices):
        STAFF = "staff", _("It belongs to staff or a supplier, not to a patient")
        INVENTED = "invented", _("It is invented, for a test or an example")
        OTHER = "other", _("It is something else, such as a reference or another date")
        PUBLIC = "public", _("It is published and names no patient")

    PLACES = {
        "note": _("Note"),
        "evidence_note": _("Evidence note"),
        "gap": _("What is missing"),
        "owner": _("Who puts it right"),
        "control": _("Control in place meanwhile"),
        "justification": _("Why it does not apply"),
        "deviation": _("Why this audit deviates from the hospital’s answer"),
        "reason": _("Reason"),
        "text": _("Comment"),
        "message": _("Message"),
        "title": _("Title"),
        "version": _("Version"),
        "url": _("Link"),
        "filename": _("Name of the file"),
        "file": _("Text of the file"),
    }

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")  # none: for the whole organisation
    revision = models.ForeignKey("auditapp.AnswerRevision", models.PROTECT, null=True, related_name="kept")
    standing = models.ForeignKey("auditapp.StandingAnswer", models.PROTECT, null=True, related_name="kept")
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="kept")
    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, null=True, related_name="+")  # evidence was added to
    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, null=True, related_name="+")  # of an act on it
    finding = models.ForeignKey("auditapp.Finding", models.PROTECT, null=True, related_name="kept")  # likewise
    incident = models.ForeignKey("auditapp.Incident", models.PROTECT, null=True, related_name="kept")
    hazardrating = models.ForeignKey("auditapp.HazardRating", models.PROTECT, null=True, related_name="kept")
    place = models.CharField(max_length=40)  # the field, or the part of a file
    rule = models.CharField(max_length=40)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    digest = models.CharField(max_length=64)
    passages = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = KeptPassageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=reduce(or_, (Q(**{f"{text}__isnull": text != one for text in TEXTS}) for one in TEXTS))
                & (Q(evidence=None, answer=None) | Q(evidence__isnull=False, answer__isnull=False)),
                name="a_passage_is_kept_in_one_text",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["staff", "invented", "other", "public"]),
                name="a_passage_is_kept_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$", passages__gte=1),
                name="a_kept_passage_has_a_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} in {self.place}"

    @property
    def rule_name(self) -> str:
        return str(NAMES.get(self.rule, self.rule))

    @property
    def place_name(self) -> str:
        return str(self.PLACES.get(self.place, self.PLACES["reason"]))

    @property
    def code(self) -> str:
        """The check in whose answer or evidence it stands."""
        answer = self.answer or (self.revision and self.revision.answer)
        return answer.code if answer else ""

    @classmethod
    def keep(
        cls,
        found: Mapping[str, Iterable[Found]],
        reasons: Mapping[str, str],
        *,
        by: User,
        subject: Any,
        where: Mapping[str, Any],
        **about: Any,
    ) -> None:
        """Record why passages were kept, a row for each; `reasons` maps a digest to a reason.

        `where` names place and text (a revision, a standing answer, or evidence and its answer), `subject` the root
        object whose chain of the trail says so, and `about` what the trail says beside it.
        """
        for place, passages in found.items():
            ordered = sorted(passages, key=attrgetter("digest"))
            for digest, same in groupby(ordered, key=attrgetter("digest")):
                cls._add(place, list(same), digest, reasons[digest], by, subject, where, about)

    @classmethod
    def keep_together(
        cls, found: Mapping[str, list[Found]], reason: str, *, by: User, subject: Any, where: Any, **about: Any
    ) -> None:
        """The same for what can be too much to answer for one by one: a row for each place and rule."""
        for place, passages in found.items():
            for code in dict.fromkeys(passage.rule.code for passage in passages):
                same = [passage for passage in passages if passage.rule.code == code]
                cls._add(place, same, digest_of(same), reason, by, subject, where, about)

    @classmethod
    def _add(
        cls, place: str, same: list[Found], digest: str, reason: str, by: User, subject: Any, where: Any, about: Any
    ) -> None:
        row = {"place": place, "rule": same[0].rule.code, "reason": reason, "digest": digest, "passages": len(same)}
        cls.objects.create(**where, **row, by=by, at=clock.now())
        Event.record(by, "passage.kept", subject, **row, **about)


def reasons_in(values: Iterable[str]) -> dict[str, str]:
    """Digest -> reason, from what a form sends: "DIGEST:REASON" for each passage; anything else is left out."""
    pairs = (value.partition(":") for value in values)
    return {digest: reason for digest, _colon, reason in pairs if reason in KeptPassage.Reason.values}
