"""Files that somebody brought along."""

from auditapp.accounts.models import User
from auditapp.questionnaires.importing import Import, opened
from auditapp.questionnaires.models import ChecklistUpload, Draft, QuestionnaireVersion

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


def taken_in(upload: ChecklistUpload, *, by: User, title: str) -> Draft:
    """A draft of everything in it, the columns being what they are taken for."""
    going = Import(upload, by)
    if going.sheet_steps:
        table = going.table()
        columns = {str(column.index): column.field for column in table.columns}
        upload.explain(by=by, sheet=going.sheets.index(table.sheet), header=table.header, columns=columns)
        going = Import(upload, by)
    return upload.become_draft(going.wanted([], also_problems=False), by=by, title=title, about=going.about)
