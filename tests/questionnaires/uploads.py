"""Files that somebody brought along."""

from auditapp.accounts.models import User
from auditapp.questionnaires.importing import opened
from auditapp.questionnaires.models import ChecklistUpload, QuestionnaireVersion

CHECKLIST = b"No.,Question,Priority,Section,Yes,No\n1,Is the ward trained?,High,Accountability,x,\n"


def uploaded(
    by: User, data: bytes = CHECKLIST, name: str = "ward checklist.csv", base: str = "containment-72h"
) -> ChecklistUpload:
    """A file kept for somebody who has not said yet what its columns are."""
    file = opened(name, data)
    version = QuestionnaireVersion.objects.get(questionnaire__code=base, state="published")
    return ChecklistUpload.keep(
        by=by, name=name, data=data, kind=file.kind, parsed=file.parsed, base=version, title="Ward checklist"
    )
