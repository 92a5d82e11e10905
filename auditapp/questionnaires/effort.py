"""How long an audit may take its people: a rule of thumb of our own, measured nowhere. Pure."""

from collections import Counter
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp.questionnaires.applicability import Conditional

# Reading the question, finding the evidence that is there, writing the answer. Making evidence is not counted.
MINUTES = {"critical": 10, "major": 6, "minor": 4}


def minutes(questions: Iterable[Conditional]) -> int:
    """All questions together; one of a criticality that the rule does not know counts as major."""
    counts = Counter(question.criticality for question in questions)
    return sum(MINUTES.get(criticality, MINUTES["major"]) * n for criticality, n in counts.items())


def in_words(total: int) -> str:
    """As exact as a rule of thumb can be: to ten minutes below an hour and a half, to half an hour above it."""
    if total < 90:
        tens = -(-total // 10) * 10
        return ngettext("about %(n)s minute", "about %(n)s minutes", tens) % {"n": tens}
    halves = (total + 15) // 30
    if halves % 2:
        return _("about %(n)s½ hours") % {"n": halves // 2}
    return _("about %(n)s hours") % {"n": halves // 2}
