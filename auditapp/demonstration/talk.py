"""What is said about the questions of an audit while it is filled: comments, flags, and what a supplier is asked."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from auditapp import clock
from auditapp.audits.models import Audit, Comment, SupplierRequest

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play


class Talk:
    """`about` is the audit's entry in the script."""

    def __init__(self, play: "Play", about: dict[str, Any], audit: Audit) -> None:
        self.play = play
        self.about = about
        self.audit = audit
        self.auditor = play.person(about["auditor"])

    @property
    def is_needed(self) -> bool:
        return any(name in self.about for name in ("comments", "flags", "asked_of_supplier"))

    def take_place(self) -> None:
        answers = {answer.code: answer for answer in self.audit.answers.select_related("audit__site", "site")}
        for said in self.about.get("comments", []):
            Comment.say(answers[said["check"]], said["text"], by=self.play.person(said["by"]))
        for code in self.about.get("flags", []):
            answers[code].flag(by=self.auditor)
        if "asked_of_supplier" in self.about:
            self._ask(self.about["asked_of_supplier"])

    def _ask(self, asked: dict[str, Any]) -> None:
        """One request, and what the contact states of it; the rest stays silent."""
        due = clock.today(self.audit.site.zone) + timedelta(days=asked["due_days"])
        who = {name: asked[name] for name in ("contact_name", "contact_email", "message")}
        request = SupplierRequest.ask(self.audit, asked["checks"], by=self.auditor, due=due, **who)
        request.new_link(by=self.auditor, kind="by_hand")
        request = SupplierRequest.objects.for_reading().get(pk=request.pk)
        for code, text in asked["states"].items():
            if question := request.question(code):
                question.keep_reply(text)
