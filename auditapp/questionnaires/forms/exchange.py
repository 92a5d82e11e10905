"""Bringing a checklist or questionnaire along: the file, its columns, its words, its rows."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.deployments.forms import Words
from auditapp.questionnaires.forms.writing import VersionField
from auditapp.questionnaires.importing import Import, Opened, known, opened
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.questionnaires.spreadsheets import tables
from auditapp.questionnaires.spreadsheets.columns import FIELDS
from auditapp.questionnaires.spreadsheets.sheets import FILE_BYTES
from auditapp.questionnaires.spreadsheets.tables import Table
from auditapp.questionnaires.spreadsheets.values import Value, open_values
from auditapp.refusals import Refused

ACCEPTED = ".xlsx,.csv,.tsv,.txt,.yaml,.yml"
NOTHING = "-"
SAMPLES = 2  # values shown beside a column
SAMPLE = 90  # characters of each


def refusal(refused: Refused) -> forms.ValidationError:
    """A refusal with its reasons, to stand beside a field."""
    return forms.ValidationError([refused.sentence, *map(str, refused.reasons)])


class UploadForm(forms.Form):
    """A file, and the version whose rules what comes of it is to follow; a questionnaire file may say so itself."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A checklist as .xlsx or .csv, or a questionnaire file (.yaml). 5 MB at most."),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    base = VersionField(
        label=gettext_lazy("When it is asked, and who signs"),
        queryset=QuestionnaireVersion.objects.none(),
        required=False,
        empty_label=gettext_lazy("As the questionnaire file says"),
        help_text=gettext_lazy("As in this questionnaire. Its scoring and its decisions hold as well."),
    )
    title = Words(
        label=gettext_lazy("Title"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What your questionnaire is to be called. Left empty, it is called as the file is."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.versions = QuestionnaireVersion.objects.visible_to(user).select_related("questionnaire")
        published = self.versions.filter(state=QuestionnaireVersion.State.PUBLISHED)
        self.fields["base"].queryset = published.order_by("questionnaire__position")  # type: ignore[attr-defined]

    def clean_file(self) -> Opened:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            # One byte more than is read is enough to say that it is too large.
            return opened(file.name or "", file.read(FILE_BYTES + 1))
        except Refused as refused:
            raise refusal(refused) from refused

    def clean(self) -> dict[str, Any]:
        """What `ChecklistUpload.keep` takes."""
        file: Opened | None = self.cleaned_data.get("file")
        base: QuestionnaireVersion | None = self.cleaned_data.get("base")
        if file is None or "base" in self.errors:
            return {}
        title = self.cleaned_data.get("title") or PurePath(file.name).stem
        if file.document:
            base = base or self._named_in(file)
            title = self.cleaned_data.get("title") or str(file.document.data.get("title") or title)
        if base is None:
            self.add_error("base", _("Choose the questionnaire whose rules yours is to follow."))
            return {}
        if file.document:
            try:
                file.document.read(known(base, self.user))
            except Refused as refused:
                self.add_error("file", refusal(refused))
        return {
            "name": file.name,
            "data": file.data,
            "kind": file.kind,
            "parsed": file.parsed,
            "base": base,
            "title": title,
        }

    def _named_in(self, file: Opened) -> QuestionnaireVersion | None:
        if file.document is None or file.document.made_from is None:
            return None
        code, number = file.document.made_from
        fixed = self.versions.exclude(state=QuestionnaireVersion.State.DRAFT)
        return fixed.filter(questionnaire__code=code, number=number).first()


class ColumnsForm(forms.Form):
    """What each column of a table is."""

    def __init__(self, *args: Any, going: Import, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.going, self.table = going, table
        self.sheet = going.sheets.index(table.sheet)
        choices = [(NOTHING, _("Leave out")), *((name, str(label)) for name, label in FIELDS.items())]
        for column in table.columns:
            values = [line.cells[column.index] for line in table.lines if line.cells[column.index]][:SAMPLES]
            samples = " · ".join(value if len(value) <= SAMPLE else f"{value[:SAMPLE]}…" for value in values)
            why = _("Left out: %(why)s.") % {"why": column.why} if column.why else ""
            self.fields[f"column-{column.index}"] = forms.ChoiceField(
                label=tables.described(column, table),
                choices=choices,
                initial=column.field or NOTHING,
                error_messages={"required": _("Say what this column is, or leave it out.")},
                help_text=" ".join(filter(None, [why, samples])),
            )

    def clean(self) -> dict[str, Any]:
        """What `ChecklistUpload.explain` keeps of it."""
        given = {column.index: self.cleaned_data.get(f"column-{column.index}") for column in self.table.columns}
        fields = {index: field for index, field in given.items() if field and field != NOTHING}
        for name, label in FIELDS.items():
            twice = [index for index, field in fields.items() if field == name]
            if len(twice) > 1:
                self.add_error(f"column-{twice[1]}", _("“%(field)s” is another column already.") % {"field": label})
        if "text" not in fields.values():
            raise forms.ValidationError(_("Say which column holds the questions."))
        try:
            open_values(Table(self.table.sheet, self.table.header, fields).entries, self.going.known)
        except Refused as refused:
            raise refusal(refused) from refused
        return {"sheet": self.sheet, "header": self.table.header, "columns": {str(n): f for n, f in fields.items()}}


class ValuesForm(forms.Form):
    """What the words of a checklist are in ours, each of them once."""

    def __init__(self, *args: Any, values: list[Value], given: dict[str, dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values = {f"value-{n}": value for n, value in enumerate(values)}
        for name, value in self.values.items():
            self.fields[name] = forms.ChoiceField(
                label=value.told,
                choices=[("", _("Choose")), *value.options],
                initial=given.get(value.kind, {}).get(value.text, value.guess),
                error_messages={"required": _("Choose what this means.")},
            )

    @property
    def by_kind(self) -> list[dict[str, Any]]:
        """[{"label", "fields"}] in the order of the kinds."""
        kinds: dict[str, list[Any]] = {}
        for name, value in self.values.items():
            kinds.setdefault(value.label, []).append(self[name])
        return [{"label": label, "fields": fields} for label, fields in kinds.items()]

    @property
    def explained(self) -> dict[str, dict[str, str]]:
        words: dict[str, dict[str, str]] = {}
        for name, value in self.values.items():
            words.setdefault(value.kind, {})[value.text] = self.cleaned_data[name]
        return words


class RowsForm(forms.Form):
    """Which rows are left out, and what the questionnaire is called. Not valid while a row is not understood."""

    title = Words(label=gettext_lazy("Title"), max_length=200)
    leave_problems = forms.BooleanField(label=gettext_lazy("Leave out every row that has a problem"), required=False)
    left_out = forms.MultipleChoiceField(label=gettext_lazy("Leave out"), required=False)

    def __init__(self, *args: Any, going: Import, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.going = going
        self.fields["left_out"].choices = [  # type: ignore[attr-defined]
            (str(row.number), str(row.number)) for row in going.rows
        ]
        self.questions: list[dict[str, Any]] = []

    @property
    def unwanted(self) -> list[str]:
        """The rows marked so far, also while the form is not valid."""
        return list(self["left_out"].value() or [])

    def clean(self) -> None:
        try:
            self.questions = self.going.wanted(
                self.cleaned_data.get("left_out", []), also_problems=self.cleaned_data.get("leave_problems", False)
            )
        except Refused as refused:
            raise refusal(refused) from refused
