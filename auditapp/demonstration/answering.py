"""How the people of the script answer: in sittings, from the bank of answers, with evidence beside it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Answer, Audit
from auditapp.demonstration import paper
from auditapp.evidence.intake import Taken
from auditapp.evidence.models import Evidence

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play

SITTINGS = 12
EVIDENCE_EVERY = 3  # every critical question, and every third other one, has an item attached besides its note


class Answering:
    """The answers of one audit: the bank's, with what the script says otherwise."""

    def __init__(self, play: "Play", about: dict[str, Any], audit: Audit) -> None:
        self.play = play
        self.audit = audit
        self.auditor = play.person(about["auditor"])
        self.leads = {a["category"]: play.person(a["to"]) for a in about.get("assignments", [])}
        self.final = about.get("exceptions", {})
        self.notes = about.get("notes", {})
        # What stood there in the round that was returned or refused.
        self.before = {r["check"]: r["was"] for r in about.get("returns", [])} | about.get("refusal", {}).get("was", {})
        self.share = about.get("answered_share", 1)
        self.revises = "revises" in about
        product = audit.deployment.product
        self.names = {
            "product": product.name,
            "vendor": product.vendor.name,
            "version": about["version"],
            "site": audit.site.name,
        }

    def fill(self, opened: datetime, length: timedelta) -> Iterator[datetime]:
        """The questions in order, in a dozen sittings spread over the days; a draft stops at its share."""
        answers = list(self.audit.answers.select_related("audit", "question"))
        if self.revises:  # a revision starts from what was issued; only approvals are not taken over
            yield opened + timedelta(minutes=5)
            for answer in self.audit.answers.filter(criticality="critical", current__verdict="not_applicable"):
                answer.approve_not_applicable(by=self._second({}, self.auditor), n=answer.n)
            answers = [a for a in answers if a.code in self.final or a.code in self.notes]
        answers = answers[: round(len(answers) * self.share)]
        size = max(-(-len(answers) // SITTINGS), 1)
        for n, start in enumerate(range(0, len(answers), size)):
            yield opened + length * n / (SITTINGS + 1) + timedelta(minutes=25)
            for answer in answers[start : start + size]:
                self.answer(answer, self.before.get(answer.code) or self.final.get(answer.code, {}))

    def answer_again(self, checks: list[str], audit: Audit) -> None:
        """The next round: what was sent back, as it stands in the end."""
        for answer in audit.answers.filter(code__in=checks).select_related("audit", "question"):
            self.answer(answer, self.final.get(answer.code, {}))

    def settled(self) -> None:
        """From here on only the final answers count."""
        self.before = {}

    def answer(self, answer: Answer, exception: dict[str, Any]) -> None:
        if exception.get("verdict") == "unanswered":
            return
        day = clock.today(self.audit.site.zone)
        if "verdict" not in exception and answer.code in self.notes:
            exception = exception | {"note": self.notes[answer.code]}
        fields = self.play.script.answer(answer.code, exception, day=day, names=self.names)
        by = self.leads.get(answer.category_code, self.auditor)
        answer.refresh_from_db()
        if answer.current and answer.current.inherited and "verdict" not in exception:
            return  # the hospital has answered it
        answer.save_revision(by=by, base=answer.n, key=f"{answer.pk}-{answer.n + 1}", **fields)
        answer.refresh_from_db()
        approved = hasattr(answer.current, "approval")
        if fields["verdict"] == "not_applicable" and answer.criticality == "critical" and not approved:
            answer.approve_not_applicable(by=self._second(exception, by), n=answer.n)
        if exception.get("verdict", "met") == "met":
            self._attach(answer, by)

    def _second(self, exception: dict[str, Any], by: User) -> User:
        if named := exception.get("approved_by"):
            return self.play.person(named)
        officers = User.objects.holding("clinical_safety_officer", site=self.audit.site).exclude(pk=by.pk)
        return self.play.people[officers.order_by("pk")[0].email]

    def _attach(self, answer: Answer, by: User) -> None:
        sampled = answer.criticality == "critical" or answer.position % EVIDENCE_EVERY == 0
        if not sampled or answer.attached.filter(removed_at=None).exists():
            return
        site = self.audit.site
        item = self.play.script.evidence(answer.code, day=clock.today(site.zone), names=self.names)
        if item is None:
            return
        kind, url, filename = item.pop("kind"), item.pop("url"), item.pop("filename")
        if kind == "link":
            evidence = Evidence.keep_link(url, by=by, site=site, **item)
        else:
            lines = [f"{site.name}: {self.audit.deployment.name}", f"Dated {item['effective_date']}", "",
                     "A document of the demonstration. Hospitals, products and people are fictional."]  # fmt: skip
            made = paper.page(item["title"], lines)  # by ourselves a moment ago: not to be looked into
            content = Taken(ContentFile(made), filename=filename, uploaded_sha256=hashlib.sha256(made).hexdigest())
            evidence = Evidence.keep_file(content, by=by, site=site, **item)
        answer.attach(evidence, by=by)
