"""What people say to each other about a question. It is no part of the answer, and it stays as it was said."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.audits import mentions
from auditapp.audits.models.assignments import is_shown_to, readers_of
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

if TYPE_CHECKING:
    from auditapp.audits.models.answers import Answer

LONGEST = 4000
ENDED = ("issued", "withdrawn", "superseded", "retracted")
OPEN = Q(resolved_at=None, withdrawn_at=None)


class CommentQuerySet(PlacedQuerySet["Comment"]):
    def visible_to(self, user: User) -> Self:
        """Those on questions that the person sees."""
        return super().visible_to(user).filter(is_shown_to(user, "answer__"))

    def named(self, key: str) -> Self:
        """The row that a form names by its key; none for anything that is not a key."""
        return self.filter(pk=int(key)) if key.isdecimal() and len(key) < 19 else self.none()

    def open(self) -> Self:
        """Neither resolved nor withdrawn."""
        return self.filter(OPEN)

    def with_names(self) -> Self:
        return self.select_related("by", "resolved_by").order_by("pk")

    def for_report(self) -> Self:
        """Marked for the report, and not withdrawn since."""
        return self.filter(withdrawn_at=None).exclude(printed_at=None)


class Comment(Placed):
    """One remark on a question. Nobody edits or deletes it; it is resolved and reopened, or withdrawn by its author.

    What is withdrawn stays readable, and says so: others may have acted on it.
    """

    answer = models.ForeignKey("auditapp.Answer", models.PROTECT, related_name="comments")
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    printed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # marked for the report by
    printed_at = models.DateTimeField(null=True)
    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="a_comment_says_something"),
            models.CheckConstraint(
                condition=Q(resolved_by=None, resolved_at=None)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="a_comment_is_resolved_by_a_person_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(printed_by=None, printed_at=None) | Q(printed_by__isnull=False, printed_at__isnull=False),
                name="a_comment_is_marked_for_the_report_by_a_person_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["answer"], condition=OPEN, name="open_comments_of_an_answer")]

    def __str__(self) -> str:
        return f"{self.answer_id} comment {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None and self.withdrawn_at is None

    @classmethod
    @transaction.atomic
    def say(cls, answer: "Answer", text: str, *, by: User) -> "Comment":
        """Add a comment; who is named in it is told. Raises Refused for an empty one and for an unclear name."""
        must_be_open(answer)
        text = clean(text)
        if wrong := wrong_with(answer, text):
            raise Refused(wrong[0], list(wrong[1:]))
        named = mentions.found_in(text, readers_of(answer)).people
        comment = cls.objects.create(**answer.place, answer=answer, text=text, by=by, at=clock.now())
        comment._mention([person for person in named if person != by])
        comment._record("said", by, mentions=sorted(person.pk for person in named))
        return comment

    def _mention(self, people: list[User]) -> None:
        from auditapp.audits import letters  # noqa: PLC0415 - the letters read these models

        for person in people:
            mention = Mention.objects.create(**self.place, comment=self, user=person)
            letters.mentioned.defer(mention=mention.pk, organisation=self.organisation_id, site=self.site_id)

    @transaction.atomic
    def resolve(self, *, by: User) -> None:
        """Say that nothing is left to do about it."""
        must_be_open(self.answer)
        if not Comment.objects.filter(OPEN, pk=self.pk).update(resolved_by=by, resolved_at=clock.now()):
            raise Refused(_("This comment is not open any more."))
        self._record("resolved", by)

    @transaction.atomic
    def reopen(self, *, by: User) -> None:
        must_be_open(self.answer)
        closed = Comment.objects.filter(pk=self.pk, withdrawn_at=None).exclude(resolved_at=None)
        if not closed.update(resolved_by=None, resolved_at=None):
            raise Refused(_("This comment is open, or was withdrawn."))
        self._record("reopened", by)

    @transaction.atomic
    def withdraw(self, *, by: User) -> None:
        """Its author takes it back; the words stay for the record."""
        must_be_open(self.answer)
        if by.pk != self.by_id:
            raise NotAllowed(_("Only who wrote a comment can withdraw it."))
        if not Comment.objects.filter(pk=self.pk, withdrawn_at=None).update(withdrawn_at=clock.now()):
            raise Refused(_("This comment was already withdrawn."))
        self._record("withdrawn", by)

    @transaction.atomic
    def put_in_report(self, *, by: User) -> None:
        """Have the words frozen with the answer at the next submission, and printed below it."""
        self._must_let_mark(by)
        unmarked = Comment.objects.filter(pk=self.pk, withdrawn_at=None, printed_at=None)
        if not unmarked.update(printed_by=by, printed_at=clock.now()):
            raise Refused(_("This comment is marked for the report already, or was withdrawn."))
        self._record("put_in_report", by)

    @transaction.atomic
    def leave_out_of_report(self, *, by: User) -> None:
        """Take the mark back; what a submission has frozen stays frozen."""
        self._must_let_mark(by)
        marked = Comment.objects.filter(pk=self.pk).exclude(printed_at=None)
        if not marked.update(printed_by=None, printed_at=None):
            raise Refused(_("This comment is not marked for the report."))
        self._record("left_out_of_report", by)

    def _must_let_mark(self, by: User) -> None:
        must_be_open(self.answer)
        audit = self.answer.audit
        if audit.state != "draft":
            raise Refused(_("This audit has been submitted; what its report will print is fixed."))
        if not may_mark(self, by):
            raise NotAllowed(_("The author of a comment, or an auditor, marks it for the report."))

    def _record(self, verb: str, by: User, **about: Any) -> None:
        Event.record(by, f"comment.{verb}", self.answer.audit, check=self.answer.code, comment=self.pk, **about)


def comments_for_report(audit: Any) -> dict[int, list[Comment]]:
    """Key of an answer -> what the report prints below it; one query."""
    found: dict[int, list[Comment]] = {}
    for comment in Comment.objects.filter(answer__audit=audit).for_report().with_names():
        found.setdefault(comment.answer_id, []).append(comment)
    return found


def may_mark(comment: Comment, person: User) -> bool:
    """Whether the person may say that the report prints this comment: who wrote it, and whoever audits there."""
    return person.pk == comment.by_id or person.holds(Role.AUDITOR, site=comment.answer.audit.site)


def must_be_open(answer: "Answer") -> None:
    """Refuse where nothing can be said: see `why_closed`."""
    if closed := why_closed(answer.audit):
        raise Refused(closed)


def why_closed(audit: Any) -> str:
    """Why nobody can comment in the audit now, in a sentence; empty while everybody can."""
    if audit.state in ENDED:
        return _("This audit has ended; its comments stay as they are.")
    if audit.is_read_apart:
        return _("Two people read this audit apart; it is talked about when both have finished.")
    return ""


def wrong_with(answer: "Answer", text: str) -> list[str]:
    """What keeps a text from becoming a comment, in sentences."""
    text = clean(text)
    if not text:
        return [_("Write what you want to say.")]
    if len(text) > LONGEST:
        return [_("A comment can have %(most)s characters; this one has %(n)s.") % {"most": LONGEST, "n": len(text)}]
    return mentions.found_in(text, readers_of(answer)).wrong


class MentionQuerySet(PlacedQuerySet["Mention"]):
    def of(self, user: User) -> Self:
        return self.filter(user=user)

    def unread(self) -> Self:
        """Not looked at yet, and still standing."""
        return self.filter(read_at=None, comment__withdrawn_at=None)

    def read_on(self, answer: "Answer") -> int:
        """The person has the comments of this question open; returns how many were new."""
        return self.filter(comment__answer=answer, read_at=None).update(read_at=clock.now())


class Mention(Placed):
    """A person was named in a comment, and when they looked at it."""

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="mentions")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True)
    objects = MentionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="one_mention_per_comment_and_person")]
        indexes = [models.Index(fields=["user"], condition=Q(read_at=None), name="unread_mentions_of_a_person")]

    def __str__(self) -> str:
        return f"{self.comment_id} names {self.user_id}"


def counted(**which: Any) -> Coalesce:
    """For an annotation: how many comments the outer query's answer has."""
    rows: QuerySet[Comment] = Comment.objects.filter(answer=OuterRef("pk"), withdrawn_at=None, **which).order_by()
    return Coalesce(Subquery(rows.values("answer").annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField())


def is_unread_by(person: User) -> Exists:
    """For a filter: whether the outer query's comment names the person, who has not looked at it yet."""
    return Exists(Mention.objects.filter(comment=OuterRef("pk"), user=person, read_at=None))
