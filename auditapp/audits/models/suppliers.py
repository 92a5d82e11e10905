"""What a supplier's contact is asked, by a link that runs out, and what they state until an auditor takes it."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.db.models.functions import Greatest, JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.audits.models.answers import Answer
from auditapp.evidence.kept import KeptPassage
from auditapp.evidence.models import Evidence
from auditapp.identifiers.file_text import found_in_parts, text_of
from auditapp.identifiers.looking import Found, found_in_fields
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

LONGEST = 8_000  # characters of one reply
MOST_REPLIES, MOST_FILES = 200, 20  # of one question
DAYS_OPEN = 90  # at most, from today, for whoever extends a link
REMINDERS = (-3, 1, 7)  # days from the due date


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.strip().encode()).hexdigest()


class SupplierRequestQuerySet(ReadInFullQuerySet["SupplierRequest"]):
    def for_reading(self) -> Self:
        """With what its page shows, in a fixed number of queries."""
        questions = SupplierQuestion.objects.for_reading()
        sendings = SupplierSending.objects.select_related("by").order_by("pk")
        names = ("audit__deployment__product__vendor", "audit__organisation", "site", "by", "revoked_by")
        return self.select_related(*names).prefetch_related(
            models.Prefetch("questions", queryset=questions, to_attr="asked"),
            models.Prefetch("sendings", queryset=sendings, to_attr="sent"),
        )

    def waiting(self) -> Self:
        """Asked, and neither sent in nor taken back nor run out, of audits that can still use it."""
        open_ones = self.filter(revoked_at=None, sent_in_at=None, expires_at__gt=clock.now())
        return open_ones.filter(audit__state="draft")


class SupplierRequest(Placed):
    """Some questions of one audit, put to one person at the supplier; its page shows these and nothing else."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="supplier_requests")
    n = models.PositiveSmallIntegerField()
    contact_name = models.CharField(max_length=120)
    contact_email = models.EmailField()
    message = models.TextField(blank=True, default="")
    due = models.DateField()
    expires_at = models.DateTimeField()
    nondisclosure = models.BooleanField(default=False)  # whatever comes is under a non-disclosure agreement
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    sent_in_at = models.DateTimeField(null=True)
    objects = SupplierRequestQuerySet.as_manager()

    # What `for_reading` adds.
    asked: list["SupplierQuestion"]
    sent: list["SupplierSending"]

    class Meta:
        ordering = ["-n"]
        constraints = [
            models.UniqueConstraint(fields=["audit", "n"], name="one_supplier_request_per_number"),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="a_supplier_request_is_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} supplier request {self.n}"

    def get_absolute_url(self) -> str:
        return reverse("audits:supplier_request", args=[self.audit.ref, self.n])

    @classmethod
    @transaction.atomic
    def ask(
        cls,
        audit: Any,
        wanted: Mapping[str, str],
        *,
        by: User,
        contact_name: str,
        contact_email: str,
        due: date,
        message: str = "",
        nondisclosure: bool = False,
    ) -> "SupplierRequest":
        """Put questions to a supplier's contact: `wanted` maps codes to the evidence asked for, if any.

        The link lives a fortnight longer than the due date. It goes out by e-mail where that is set up (see `mail`).
        """
        cls.must_let_ask(audit, by)
        type(audit).objects.select_for_update(of=["self"]).get(pk=audit.pk)
        answers = {answer.code: answer for answer in audit.answers.filter(code__in=wanted)}
        if not wanted:
            raise Refused(_("Choose at least one question."))
        if unknown := set(wanted) - set(answers):
            raise Refused(_("%(code)s is not asked in this audit.") % {"code": min(unknown)})
        if due < clock.today(audit.site.zone):
            raise Refused(_("The day by which you need it has passed. Choose a later one."))
        last = audit.supplier_requests.aggregate(last=models.Max("n"))["last"] or 0
        asked = cls.objects.create(
            **audit.place,
            audit=audit,
            n=last + 1,
            contact_name=clean(contact_name),
            contact_email=contact_email,
            message=clean(message),
            due=due,
            expires_at=end_of(due + timedelta(days=14), audit.site.zone),
            nondisclosure=nondisclosure,
            by=by,
            at=clock.now(),
        )
        SupplierQuestion.objects.bulk_create(
            SupplierQuestion(**audit.place, request=asked, answer=answers[code], evidence_wanted=clean(evidence))
            for code, evidence in wanted.items()
        )
        Event.record(by, "supplier.asked", audit, request=asked.n, checks=sorted(wanted), due=due.isoformat())
        return asked

    @staticmethod
    def must_let_ask(audit: Any, by: User) -> None:
        """Refuse unless this person may put questions of this audit to a supplier, now."""
        by.must_hold(Role.AUDITOR, site=audit.site, to=_("ask a supplier"))
        if audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; nothing can be added to its answers."))

    @property
    def state(self) -> str:
        """One of revoked, closed, sent_in, expired, open."""
        if self.revoked_at:
            return "revoked"
        if self.audit.state != "draft":
            return "closed"
        if self.sent_in_at:
            return "sent_in"
        return "open" if self.expires_at > clock.now() else "expired"

    @property
    def expires_on(self) -> date:
        """The last day on which the link works, at the hospital."""
        return clock.day(self.expires_at - timedelta(seconds=1), self.site.zone)

    @property
    def is_overdue(self) -> bool:
        return self.due < clock.today(self.site.zone)

    @property
    def silent(self) -> list["SupplierQuestion"]:
        """Those of which nothing came; needs `for_reading()`."""
        return [question for question in self.asked if question.supplied_at is None]

    @property
    def waits_for_judgement(self) -> bool:
        """Whether something is stated that nobody has accepted or declined; needs `for_reading()`."""
        return any(question.waits_for_judgement for question in self.asked)

    @transaction.atomic
    def new_link(self, *, by: User | None, kind: str, days: int | None = None) -> str:
        """A further token for this request, which is returned and stored nowhere: only its digest is kept."""
        token = secrets.token_urlsafe(24)
        SupplierSending.objects.create(
            **self.place, request=self, token_sha256=digest_of(token), kind=kind, days=days, by=by, at=clock.now()
        )
        Event.record(by, "supplier.link_made", self.audit, request=self.n, kind=kind)
        return token

    @transaction.atomic
    def link_by_hand(self, *, by: User) -> str:
        """The token of a link that somebody passes on themselves."""
        request = self._changing(by)
        return request.new_link(by=by, kind=SupplierSending.Kind.BY_HAND)

    @transaction.atomic
    def must_let_remind(self, by: User) -> None:
        """Refuse unless a reminder can go out, now."""
        self._changing(by)

    @transaction.atomic
    def extend(self, *, by: User, until: date) -> None:
        """Let the link live until the end of a day at the hospital."""
        request = self._changing(by, expired=True)
        today = clock.today(self.site.zone)
        if not today <= until <= today + timedelta(days=DAYS_OPEN):
            raise Refused(_("A link can live from today for %(days)s days at most.") % {"days": DAYS_OPEN})
        request._set(expires_at=end_of(until, self.site.zone))
        Event.record(by, "supplier.extended", request.audit, request=self.n, until=until.isoformat())

    @transaction.atomic
    def revoke(self, *, by: User) -> None:
        """Take the request back: no link to it works from here on. What was stated stays readable here."""
        request = self._changing(by, expired=True, sent_in=True)
        request._set(revoked_at=clock.now(), revoked_by=by)
        Event.record(by, "supplier.revoked", request.audit, request=self.n)

    def _changing(self, by: User, *, expired: bool = False, sent_in: bool = False) -> "SupplierRequest":
        """This request, locked, if this person may change it now."""
        request = type(self).objects.select_for_update(of=["self"]).select_related("audit", "site").get(pk=self.pk)
        self.must_let_ask(request.audit, by)
        sentences = {
            "revoked": _("This request was taken back. Ask again with a new one."),
            "sent_in": "" if sent_in else _("The supplier has sent it in. Accept or decline what they state."),
            "expired": "" if expired else _("The link has run out. Extend it first."),
        }
        if sentence := sentences.get(request.state):
            raise Refused(sentence)
        return request

    def _set(self, **values: Any) -> None:
        type(self).objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)

    # The supplier's own acts: whoever holds a link.

    @classmethod
    def behind(cls, digest: str) -> "SupplierRequest | None":
        """The request that a link leads to, if it is in force; the scope becomes that of its hospital.

        The database function is the only door before any scope is set, and says no more than where to look.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM auditapp_supplier_door(%s, %s)", [digest, clock.now()])
            found = cursor.fetchone()
        if found is None:
            return None
        organisation, site, key = found
        scope.enter(organisation, [site])
        return cls.objects.for_reading().get(pk=key)

    def question(self, code: str) -> "SupplierQuestion | None":
        """One of the questions put to the supplier; None for any other, whatever the audit asks."""
        return next((question for question in self.asked if question.answer.code == code), None)

    @transaction.atomic
    def send_in(self) -> None:
        """The contact has finished: nothing changes any more until something is declined."""
        request = type(self).objects.select_for_update(of=["self"]).select_related("audit", "site").get(pk=self.pk)
        if request.state != "open":
            raise Refused(_("This was already sent in, or its link has run out."))
        if not any(question.supplied_at for question in self.asked):
            raise Refused(_("Nothing is answered yet. Answer at least one question first."))
        request._set(sent_in_at=clock.now())
        Event.record(None, "supplier.sent_in", request.audit, request=self.n)


def end_of(day: date, zone: str) -> datetime:
    """The instant at which a day ends at a hospital."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))


class SupplierSending(Placed):
    """A link that went out, and with it a date: the first one, a reminder, or one passed on by hand."""

    class Kind(models.TextChoices):
        FIRST = "first", gettext_lazy("Sent by e-mail")
        REMINDER = "reminder", gettext_lazy("Reminder by e-mail")
        BY_HAND = "by_hand", gettext_lazy("Link passed on by hand")

    request = models.ForeignKey(SupplierRequest, models.PROTECT, related_name="sendings")
    token_sha256 = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    days = models.SmallIntegerField(null=True)  # the automatic reminder: so many days from the due date
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "days"], name="each_automatic_reminder_goes_out_once"),
            models.CheckConstraint(
                condition=models.Q(token_sha256__regex="^[0-9a-f]{64}$"), name="a_link_is_kept_as_its_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"


class SupplierQuestionQuerySet(ReadInFullQuerySet["SupplierQuestion"]):
    def for_reading(self) -> Self:
        """With everything that was stated and judged, in the order asked; not what the audit asks no more."""
        files = SupplierFile.objects.select_related("evidence").filter(removed_at=None).order_by("pk")
        judgements = SupplierJudgement.objects.select_related("by", "reply").order_by("pk")
        return (
            self.select_related("answer__question")
            .filter(answer__asked=True)
            .order_by("answer__position")
            .prefetch_related(
                models.Prefetch("replies", queryset=SupplierReply.objects.order_by("n"), to_attr="said"),
                models.Prefetch("files", queryset=files, to_attr="files_now"),
                models.Prefetch("judgements", queryset=judgements, to_attr="judged"),
            )
        )

    def standing(self) -> Self:
        """What was asked and not taken back, each with `replied_at` and `filed_at` of the newest that came."""
        files = SupplierFile.objects.filter(question=models.OuterRef("pk"), removed_at=None).order_by("-pk")
        judged = SupplierJudgement.objects.filter(question=models.OuterRef("pk")).order_by("-pk")
        return (
            self.filter(request__revoked_at=None)
            .select_related("request")
            ._with_what_waits()
            .annotate(
                filed_at=models.Subquery(files.values("at")[:1]),
                judged_last=models.Subquery(judged.values("accepted")[:1]),
            )
            .order_by("request__n")
        )

    def waiting_for_judgement(self) -> Self:
        """Of drafts, what nobody has accepted or declined, with `came_at`, when the newest of it came."""
        drafts = self.filter(answer__asked=True, request__revoked_at=None, request__audit__state="draft")
        return drafts._with_what_waits().filter(waits=True).annotate(came_at=Greatest("replied_at", "waiting_file_at"))

    def _with_what_waits(self) -> Self:
        """`waits`: whether the newest text, or any file, is neither accepted nor declined. Older texts do not count."""
        of_this = {"question": models.OuterRef("pk")}
        newest = SupplierReply.objects.filter(**of_this).order_by("-n")
        files = SupplierFile.objects.filter(**of_this, removed_at=None, judged_in=None).order_by("-pk")
        unjudged = SupplierReply.objects.filter(pk=models.OuterRef("newest"), judgement=None)
        return self.annotate(
            newest=models.Subquery(newest.values("pk")[:1]),
            replied_at=models.Subquery(newest.values("at")[:1]),
            waiting_file_at=models.Subquery(files.values("at")[:1]),
            waits=models.Exists(unjudged) | models.Q(waiting_file_at__isnull=False),
        )


class SupplierQuestion(Placed):
    """One question of a request, with the evidence asked for beside the answer, if any."""

    request = models.ForeignKey(SupplierRequest, models.PROTECT, related_name="questions")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="put_to_suppliers")
    evidence_wanted = models.TextField(blank=True, default="")
    objects = SupplierQuestionQuerySet.as_manager()

    # What reading adds.
    said: list["SupplierReply"]
    files_now: list["SupplierFile"]
    judged: list["SupplierJudgement"]
    replied_at: datetime | None
    filed_at: datetime | None
    judged_last: bool | None
    waits: bool

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "answer"], name="a_question_is_put_once_per_request")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.answer_id}"

    @property
    def reply(self) -> "SupplierReply | None":
        """The newest text; needs the request's `for_reading()`."""
        return self.said[-1] if self.said else None

    @property
    def judgement(self) -> "SupplierJudgement | None":
        return self.judged[-1] if self.judged else None

    @property
    def supplied_at(self) -> datetime | None:
        """When the newest of it came; None for silence. Needs the request's `for_reading()`."""
        times = [reply.at for reply in self.said] + [file.at for file in self.files_now]
        return max(times, default=None)

    @property
    def waiting_files(self) -> list["SupplierFile"]:
        """Files that nobody has judged yet."""
        return [file for file in self.files_now if file.judged_in_id is None]

    @property
    def waits_for_judgement(self) -> bool:
        """Whether something is stated that nobody has accepted or declined; needs the request's `for_reading()`."""
        judged = {row.reply_id for row in self.judged}
        return bool(self.reply and self.reply.pk not in judged) or bool(self.waiting_files)

    @property
    def is_settled(self) -> bool:
        """Whether the supplier can add nothing to it any more."""
        return bool(self.judgement and self.judgement.accepted)

    @property
    def was_declined(self) -> bool:
        """Whether it is asked again, and nothing new has come."""
        return bool(self.judgement and not self.judgement.accepted) and not self.waits_for_judgement

    @transaction.atomic
    def keep_reply(self, text: str) -> "SupplierReply":
        """Keep what the contact states, as a further reply; the ones before stay."""
        question = self._held_for_supplier()
        text = clean(text)
        last = question.replies.order_by("-n").first()
        if last and last.text == text:
            return last
        if not text:
            raise Refused(_("Write an answer before you save it."))
        if len(text) > LONGEST:
            raise Refused(_("The answer can have %(n)s characters. Add a file for more.") % {"n": LONGEST})
        if last and last.n >= MOST_REPLIES:
            raise Refused(_("This was saved very often. Send it in, or ask the hospital."))
        reply = SupplierReply.objects.create(
            **self.place, question=question, n=last.n + 1 if last else 1, text=text, at=clock.now()
        )
        Event.record(
            None, "supplier.stated", question.request.audit, request=question.request.n, check=question.answer.code,
            n=reply.n,
        )  # fmt: skip
        return reply

    @transaction.atomic
    def add_file(self, **about: Any) -> "SupplierFile":
        """Keep a file or a link of the contact's, with the same checks as our own; no evidence of any answer yet.

        It is entered under the auditor who asked for it, since everything kept here has a person who answers for it.
        """
        question = self._held_for_supplier()
        if question.files.count() >= MOST_FILES:
            raise Refused(_("%(n)s files are the most for one question.") % {"n": MOST_FILES})
        request = question.request
        about |= {"source": Evidence.Source.SUPPLIER}
        about["nondisclosure"] = bool(about.get("nondisclosure")) or request.nondisclosure
        for said in ("looked_at", "reason"):  # who accepts it looks through it
            about.pop(said, None)
        keep = Evidence.keep_link if about.get("url") else Evidence.keep_file
        evidence = keep(by=request.by, site=self.site, **about)
        file = SupplierFile.objects.create(**self.place, question=question, evidence=evidence, at=clock.now())
        Event.record(
            None, "supplier.filed", request.audit, request=request.n, check=question.answer.code,
            evidence=evidence.pk, sha256=evidence.sha256,
        )  # fmt: skip
        return file

    def note_not_taken(self, code: str) -> None:
        """The contact brought a file that is not kept; why stays on the trail."""
        request = self.request
        about = {"request": request.n, "check": self.answer.code, "why": code}
        Event.record(None, "supplier.file_not_taken", request.audit, **about)

    @transaction.atomic
    def take_off(self, key: str) -> None:
        """The contact takes back a file that nobody has judged yet."""
        question = self._held_for_supplier()
        pk = int(key) if key.isdecimal() and len(key) < 19 else 0
        if not question.files.filter(pk=pk, removed_at=None, judged_in=None).update(removed_at=clock.now()):
            raise Refused(_("This file was already taken off, or the hospital has it."))
        request = question.request
        Event.record(None, "supplier.file_taken_off", request.audit, request=request.n, check=question.answer.code)

    def _held_for_supplier(self) -> "SupplierQuestion":
        """This question, its request locked, while its supplier may still write."""
        names = ("request__audit", "request__site", "request__by", "answer")
        question = type(self).objects.select_for_update(of=["request"]).select_related(*names).get(pk=self.pk)
        if question.request.state != "open":
            raise Refused(_("This was already sent in, or its link has run out."))
        if question.judgements.filter(accepted=True).exists():
            raise Refused(_("The hospital has accepted your answer to this question."))
        return question

    @transaction.atomic
    def accept(self, *, by: User, reply: int, why: str = "") -> None:
        """Take what the supplier states into the answer, as a save of this person that says where it comes from.

        The verdict stays this hospital's. `reply` is the number of the text that was read (0: there was none), `why`
        says why what looks like patient data in it is none; without that it is refused.
        """
        question, stated = self._held_for_judgement(by, reply)
        looked_at = question.looks_like_patients()
        if looked_at and why not in KeptPassage.Reason.values:
            raise Refused(_("This looks like patient data. Decline it, or say why it is none."))
        files = question._judge(accepted=True, reason="", by=by, stated=stated)
        answer = Answer.objects.held_for(by).get(pk=question.answer_id)
        answer.must_be_open_to(by)
        if stated:
            values = dict(answer.current.values) if answer.current else {}
            values["note"] = "\n\n".join(text for text in (values.get("note", ""), question._as_stated(stated)) if text)
            answer.save_revision(by=by, base=answer.n, key=f"supplier-{stated.pk}", typed=False, **values)
        for file in files:
            answer.attach(file.evidence, by=by)
        where = {**answer.place, "audit": answer.audit}
        KeptPassage.keep_together(looked_at, why, by=by, subject=answer.audit, where=where, check=answer.code)

    def looks_like_patients(self) -> dict[str, list[Found]]:
        """What looks like patient data in the words and files that wait for a judgement, by the part it stands in."""
        stated = self.replies.order_by("-n").first()
        if stated and self.judgements.filter(reply=stated).exists():
            stated = None
        waiting = self.files.filter(removed_at=None, judged_in=None).select_related("evidence")
        items = [file.evidence for file in waiting]
        found = found_in_fields({"text": stated.text if stated else ""})
        for place in ("title", "filename", "url"):
            found |= found_in_fields({place: "\n".join(getattr(item, place) for item in items)})
        parts = [part for item in items if item.kind == Evidence.Kind.FILE for part in _texts_of(item)]
        if in_files := found_in_parts(parts):
            found["file"] = in_files
        return found

    @transaction.atomic
    def decline(self, *, by: User, reply: int, reason: str) -> None:
        """Not taken, with the reason, which the contact reads: the question is asked again."""
        question, stated = self._held_for_judgement(by, reply)
        if not clean(reason):
            raise Refused(_("Give the reason; the supplier's contact reads it."))
        question._judge(accepted=False, reason=clean(reason), by=by, stated=stated)
        if question.request.sent_in_at:
            question.request._set(sent_in_at=None)

    def _held_for_judgement(self, by: User, reply: int) -> "tuple[SupplierQuestion, SupplierReply | None]":
        names = ("request__audit__site", "request__site", "answer")
        question = type(self).objects.select_for_update(of=["request"]).select_related(*names).get(pk=self.pk)
        SupplierRequest.must_let_ask(question.request.audit, by)
        stated = question.replies.order_by("-n").first()
        if (stated.n if stated else 0) != reply:
            raise Refused(_("The supplier has written something else since you read it. Read it again."))
        if stated and question.judgements.filter(reply=stated).exists():
            stated = None
        if not stated and not question.files.filter(removed_at=None, judged_in=None).exists():
            raise Refused(_("There is nothing to judge: it was judged already, or nothing came."))
        return question, stated

    def _judge(self, *, accepted: bool, reason: str, by: User, stated: "SupplierReply | None") -> "list[SupplierFile]":
        judgement = SupplierJudgement.objects.create(
            **self.place, question=self, reply=stated, accepted=accepted, reason=reason, by=by, at=clock.now()
        )
        files = list(self.files.filter(removed_at=None, judged_in=None).select_related("evidence"))
        self.files.filter(pk__in=[file.pk for file in files]).update(judged_in=judgement)
        Event.record(
            by, "supplier.accepted" if accepted else "supplier.declined", self.request.audit, request=self.request.n,
            check=self.answer.code, reply=stated.n if stated else 0, evidence=[file.evidence_id for file in files],
        )  # fmt: skip
        return files

    def _as_stated(self, reply: "SupplierReply") -> str:
        """The supplier's words, marked as theirs wherever they are read."""
        who = self.request.audit.deployment.product.vendor.name
        day = clock.day(reply.at, self.site.zone).isoformat()
        return _("Supplier states (%(who)s, %(day)s): %(text)s") % {"who": who, "day": day, "text": reply.text}


def _texts_of(item: Evidence) -> list[Any]:
    """The parts of a kept file that can be read."""
    with default_storage.open(item.storage_name) as file:
        return text_of(file, item.filename).parts


class SupplierReply(Placed):
    """What the contact stated, save by save: rows that are only ever added."""

    question = models.ForeignKey(SupplierQuestion, models.PROTECT, related_name="replies")
    n = models.PositiveSmallIntegerField()
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["question", "n"], name="one_supplier_reply_per_number")]

    def __str__(self) -> str:
        return f"{self.question_id} {self.n}"


class SupplierJudgement(Placed):
    """An auditor took what a supplier stated, or did not, with the reason."""

    question = models.ForeignKey(SupplierQuestion, models.PROTECT, related_name="judgements")
    reply = models.OneToOneField(SupplierReply, models.PROTECT, null=True, related_name="judgement")
    accepted = models.BooleanField()
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(accepted=True) | ~models.Q(reason=""), name="what_is_declined_has_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {'accepted' if self.accepted else 'declined'}"


class SupplierFileQuerySet(ReadInFullQuerySet["SupplierFile"]):
    def of_request(self, ref: str, n: int) -> Self:
        """Files, not links, that came in answer to one request."""
        rows = self.filter(question__request__audit__ref=ref, question__request__n=n, removed_at=None)
        return rows.filter(evidence__kind=Evidence.Kind.FILE).select_related("evidence")


class SupplierFile(Placed):
    """A file or link that the contact added; it proves nothing until a judgement takes it."""

    question = models.ForeignKey(SupplierQuestion, models.PROTECT, related_name="files")
    evidence = models.OneToOneField(Evidence, models.PROTECT, related_name="from_supplier")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    judged_in = models.ForeignKey(SupplierJudgement, models.PROTECT, null=True, related_name="files")
    objects = SupplierFileQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.question_id} {self.evidence_id}"


@dataclass(frozen=True)
class Put:
    """Where one question put to a supplier stands; `accepted` is None while nothing was judged."""

    answer: int
    n: int
    at: datetime
    due: date
    supplied_at: datetime | None
    accepted: bool | None
    waits: bool
    words: Mapping[str, str] = field(default_factory=dict)  # what was asked for and stated, where the facts need it

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Put":
        """From what `with_suppliers` adds to an answer."""
        times = [datetime.fromisoformat(row[name]) for name in ("replied_at", "filed_at") if row[name]]
        at, due = datetime.fromisoformat(row["at"]), date.fromisoformat(row["due"])
        return cls(row["answer"], row["n"], at, due, max(times, default=None), row["accepted"], row["waits"])


def with_suppliers(answers: Any) -> Any:
    """Answers with `put`: what was asked of suppliers about each and not taken back; no query of its own."""
    rows = SupplierQuestion.objects.filter(answer=models.OuterRef("pk")).standing()
    told = JSONObject(
        answer="answer_id",
        n="request__n",
        at="request__at",
        due="request__due",
        replied_at="replied_at",
        filed_at="filed_at",
        accepted="judged_last",
        waits="waits",
    )
    return answers.annotate(put=ArraySubquery(rows.values(told=told)))


def put_to_suppliers(answers: Iterable[Answer]) -> dict[int, list[Put]]:
    """Key of an answer -> what was asked of suppliers about it and not taken back, with the words; two queries."""
    keys = [answer.pk for answer in answers]
    rows = with_suppliers(Answer.objects.filter(pk__in=keys, put_to_suppliers__isnull=False).order_by()).distinct()
    words = _words(keys)
    return {
        key: [replace(Put.read(row), words=words.get((key, row["n"]), {})) for row in put]
        for key, put in rows.values_list("pk", "put")
    }


def _words(answers: list[int]) -> dict[tuple[int, int], dict[str, str]]:
    """(Answer, number of the request) -> the evidence asked for, the newest statement, why it was declined."""
    last = SupplierReply.objects.filter(question=models.OuterRef("pk")).order_by("-n")
    judged = SupplierJudgement.objects.filter(question=models.OuterRef("pk")).order_by("-pk")
    rows = SupplierQuestion.objects.filter(answer__in=answers).annotate(
        stated=models.Subquery(last.values("text")[:1]), judged_because=models.Subquery(judged.values("reason")[:1])
    )
    names = ("evidence_wanted", "stated", "judged_because")
    return {
        (answer, n): dict(zip(names, texts, strict=True))
        for answer, n, *texts in rows.values_list("answer", "request__n", *names)
    }
