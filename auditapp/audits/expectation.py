"""What an audit expects of one reader now: a sentence and, where there is something to do, one button."""

from typing import TYPE_CHECKING, Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp.accounts.models import Role, User

if TYPE_CHECKING:
    from auditapp.audits.models import Audit


class Expectation(NamedTuple):
    """The sentence under the heading; `action` and `href` are empty when nothing is asked of the reader."""

    sentence: str
    action: str = ""
    href: str = ""


def expected_of(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    """`categories` are the rows of `progress.in_order(...)`, which say what is left and who was given what."""
    if audit.state != "draft" and not reader.reads_all_at(audit.site_id):
        return Expectation(_("Your part is handed over. Nothing else is expected of you now."))
    return _BY_STATE[audit.state](reader, audit, categories)


def open_acts(reader: User, audit: "Audit") -> dict[str, bool]:
    """Which acts beside the expected one are open to this reader now, for links that lead somewhere."""
    auditor = reader.holds(Role.AUDITOR, site=audit.site)
    officer = reader.holds(Role.CLINICAL_SAFETY_OFFICER, site=audit.site)
    draft, issued = audit.state == "draft", audit.state == "issued"
    return {
        "assign": draft and auditor,
        "submit": draft and auditor,
        "read": reader.reads_all_at(audit.site_id),
        "rate": officer,
        "withdraw": (auditor or officer) and "withdrawn" in audit.MOVES[audit.State(audit.state)],
        "revise": issued and auditor and not hasattr(audit, "superseded_by"),
    }


def _draft(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    if audit.is_read_apart:
        sentence = _("Two people read it apart; its answers follow when both have finished.")
        if not reader.reads_all_at(audit.site_id):
            return Expectation(sentence)
        return Expectation(sentence, _("See where they stand"), reverse("audits:second_reading", args=[audit.ref]))
    auditor = reader.holds(Role.AUDITOR, site=audit.site)
    answers: Any = audit.answers.all() if auditor else audit.answers.given_to(reader)
    mine = categories if auditor else answers.progress()
    if not mine:
        return Expectation(_("The auditors are answering. Nothing is expected of you now."))
    if audit.round > 1 and (returned := _returned(audit, answers, mine)):
        return returned
    return _of_auditor(audit, mine) if auditor else _of_lead(audit, mine)


def _returned(audit: "Audit", answers: Any, categories: list[dict[str, Any]]) -> Expectation | None:
    """A returned question still has its old answer, so that it counts as answered: the reason comes first."""
    codes = [category["category_code"] for category in categories]
    waiting = list(answers.still_returned().values_list("category_code", flat=True))
    if not waiting:
        return None
    sentence = ngettext(
        "%(n)s question came back with a reason. Read it and answer again.",
        "%(n)s questions came back, each with a reason. Read them and answer again.",
        len(waiting),
    )
    action = ngettext("Answer the returned question", "Answer the returned questions", len(waiting))
    href = reverse("audits:category", args=[audit.ref, min(waiting, key=codes.index)]) + "?show=returned"
    return Expectation(sentence % {"n": len(waiting)}, action, href)


def _of_lead(audit: "Audit", mine: list[dict[str, Any]]) -> Expectation:
    left = sum(c["left"] for c in mine)
    if not left:
        return Expectation(_("You have answered your part. Thank you; nothing else is expected of you now."))
    first = next(c for c in mine if c["left"])
    sentence = ngettext(
        "%(left)s question of your part is unanswered.",
        "%(left)s questions of your part are unanswered.",
        left,
    )
    return Expectation(sentence % {"left": left}, _("Answer your part"), _category(audit, first))


def _of_auditor(audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    left, critical = sum(c["left"] for c in categories), sum(c["critical_left"] for c in categories)
    if left:
        sentence = ngettext(
            "%(left)s question is unanswered, %(critical)s of them critical.",
            "%(left)s questions are unanswered, %(critical)s of them critical.",
            left,
        ) % {"left": left, "critical": critical}
        first = next(c for c in categories if c["left"])
        action = _("Continue answering") if left < audit.asked else _("Begin answering")
        return Expectation(sentence, action, _category(audit, first))
    submission = reverse("audits:submission", args=[audit.ref])
    if unfinished := sum(c["unfinished"] for c in categories):
        sentence = ngettext(
            "Every question has a verdict; %(count)s answer still lacks something.",
            "Every question has a verdict; %(count)s answers still lack something.",
            unfinished,
        )
        return Expectation(sentence % {"count": unfinished}, _("See what is missing"), submission)
    return Expectation(_("Everything is answered. Check it once more, then submit it."), _("Submit"), submission)


def _submitted(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    if not reader.holds(Role.CLINICAL_SAFETY_OFFICER, site=audit.site):
        return Expectation(_("It waits for the clinical safety officer’s review. Nothing is expected of you now."))
    if audit.submission.by_id == reader.pk:
        return Expectation(_("You submitted it yourself, so another clinical safety officer reviews it."))
    href = reverse("audits:review", args=[audit.ref])
    return Expectation(_("Review it: accept it, or return single questions with a reason."), _("Review"), href)


def _reviewed(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    role = audit.version.decision_role
    if not reader.holds(role, site=audit.site):
        who = {"role": str(Role(role).label).lower()}
        return Expectation(_("It is reviewed and waits for the %(role)s’s decision.") % who)
    return Expectation(
        _("It is reviewed. Record the decision."), _("Decide"), reverse("reports:decision", args=[audit.ref])
    )


def _decided(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    return Expectation(
        _("The decision is recorded and the report is being prepared for signing. This takes a few seconds."),
        _("Read the report"),
        reverse("reports:report", args=[audit.ref]),
    )


def _signing(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    report = audit.reports.with_names()[0]
    if refusal := report.refusal_to(reader):
        return Expectation(refusal, _("Read the report"), reverse("reports:report", args=[audit.ref]))
    href = reverse("reports:signature", args=[audit.ref])
    return Expectation(_("It is your turn to read the report and sign it."), _("Read and sign"), href)


def _issued(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    href = reverse("reports:report", args=[audit.ref])
    return Expectation(_("It is signed and issued. Nothing in it can change."), _("Read the report"), href)


def _superseded(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    return Expectation(
        _("%(ref)s has taken its place. This one stays readable.") % {"ref": audit.superseded_by.ref},
        _("Open %(ref)s") % {"ref": audit.superseded_by.ref},
        audit.superseded_by.get_absolute_url(),
    )


def _retracted(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    said = _("Its report was issued in error and withdrawn. It counts for nothing and stays readable.")
    return Expectation(said, _("Read why"), reverse("reports:report", args=[audit.ref]))


def _withdrawn(reader: User, audit: "Audit", categories: list[dict[str, Any]]) -> Expectation:
    return Expectation(_("It was withdrawn and leads to no report. What was answered stays readable."))


def _category(audit: "Audit", row: dict[str, Any]) -> str:
    return reverse("audits:category", args=[audit.ref, row["category_code"]]) + "?show=unanswered"


_BY_STATE = {
    "draft": _draft,
    "submitted": _submitted,
    "reviewed": _reviewed,
    "decided": _decided,
    "signing": _signing,
    "issued": _issued,
    "superseded": _superseded,
    "retracted": _retracted,
    "withdrawn": _withdrawn,
}
