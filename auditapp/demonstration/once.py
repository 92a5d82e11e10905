"""What the hospitals of the demonstration say once: adopted thresholds, and answers that stand for all their audits."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from auditapp.accounts.models import Organisation, User
from auditapp.audits import standing_page
from auditapp.audits.models import StandingAnswer
from auditapp.demonstration.script import moment
from auditapp.questionnaires import threshold_page
from auditapp.questionnaires.models import Question, ThresholdAdoption

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play


class Once:
    """The acts of one organisation, in the order of time."""

    def __init__(self, play: "Play", organisation: Organisation) -> None:
        self.play = play
        once = play.script.once
        entries = [(self._adopt, entry) for entry in once["thresholds"]]
        entries += [(self._answer, entry) for entry in once["standing"]]
        ours = [(act, e) for act, e in entries if play.person(e["by"]).organisation_id == organisation.pk]
        self.entries = sorted(ours, key=lambda row: moment(row[1]["at"]))

    def acts(self) -> Iterator[datetime]:
        for act, entry in self.entries:
            yield moment(entry["at"])
            act(entry, self.play.person(entry["by"]))

    def _adopt(self, entry: dict[str, Any], by: User) -> None:
        numbers = {(n.check, n.name): n for n in threshold_page.numbers(by)}
        number = numbers[entry["check"], entry["name"]]
        before = ThresholdAdoption.objects.visible_to(by).of(number).first()
        ThresholdAdoption.adopt(
            number,
            by=by,
            value=entry.get("value", number.default),
            base=before.n if before else 0,
            reason=entry.get("reason", ""),
        )

    def _answer(self, entry: dict[str, Any], by: User) -> None:
        question = standing_page.asked_once(Question.objects.visible_to(by)).get(code=entry["check"])
        said = self.play.script.answer(question.code, {}, day=moment(entry["at"]).date(), names={})
        StandingAnswer.give(
            question, by=by, base=0, keeper=self.play.person(entry["keeper"]), valid_until=entry["valid_until"], **said
        )
