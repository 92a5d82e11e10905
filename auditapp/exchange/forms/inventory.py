"""Bringing an inventory along: the file, its columns, its words, its rows."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.exchange.inventory import words
from auditapp.exchange.inventory.columns import Table, fields
from auditapp.exchange.inventory.going import Going
from auditapp.exchange.inventory.rows import Row
from auditapp.exchange.inventory.words import Word
from auditapp.questionnaires.forms.exchange import refusal
from auditapp.questionnaires.spreadsheets import opening
from auditapp.questionnaires.spreadsheets.sheets import FILE_BYTES
from auditapp.refusals import Refused

NOTHING = "-"
SAMPLE = 90  # characters of a value shown beside a column


class InventoryForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("Your list of AI tools as .xlsx or .csv, one tool a row. 5 MB at most."),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.tsv,.txt"}),
    )

    def clean(self) -> dict[str, Any]:
        """What `InventoryUpload.keep` takes."""
        file: UploadedFile | None = self.cleaned_data.get("file")
        if file is None:
            return {}
        data = file.read(FILE_BYTES + 1)  # one byte more than is read is enough to say that it is too large
        try:
            sheets = opening.read(file.name or "", data)
        except Refused as refused:
            self.add_error("file", refusal(refused))
            return {}
        return {"name": file.name, "data": data, "parsed": [sheet.as_json() for sheet in sheets]}


class ColumnsForm(forms.Form):
    """What each column of a table is."""

    def __init__(self, *args: Any, going: Going, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.going, self.table = going, table
        self.sheet = going.sheets.index(table.sheet)
        choices = [(NOTHING, _("Leave out")), *fields().items()]
        for column in table.columns:
            samples = [value if len(value) <= SAMPLE else f"{value[:SAMPLE]}…" for value in column.samples]
            self.fields[f"column-{column.index}"] = forms.ChoiceField(
                label=column.told,
                choices=choices,
                initial=column.field or NOTHING,
                error_messages={"required": _("Say what this column is, or leave it out.")},
                help_text=" · ".join(samples),
            )

    def clean(self) -> dict[str, Any]:
        """What `InventoryUpload.explain` keeps of it."""
        given = {column.index: self.cleaned_data.get(f"column-{column.index}") for column in self.table.columns}
        chosen = {index: field for index, field in given.items() if field and field != NOTHING}
        for name, label in fields().items():
            twice = [index for index, field in chosen.items() if field == name]
            if len(twice) > 1:
                self.add_error(f"column-{twice[1]}", _("“%(field)s” is another column already.") % {"field": label})
        if not {"name", "product"} & set(chosen.values()):
            raise forms.ValidationError(_("Say which column holds the name of the tool, or its product."))
        try:
            words.open_words(Table(self.table.sheet, self.table.header, chosen).entries, self.going.known)
        except Refused as refused:
            raise refusal(refused) from refused
        return {"sheet": self.sheet, "header": self.table.header, "columns": {str(n): f for n, f in chosen.items()}}


class WordsForm(forms.Form):
    """What the words of an inventory are here, each of them once; what is left open makes its rows wrong."""

    def __init__(self, *args: Any, words: list[Word], given: dict[str, dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = {f"word-{n}": word for n, word in enumerate(words)}
        for name, word in self.words.items():
            self.fields[name] = forms.ChoiceField(
                label=word.told,
                choices=[("", _("Nothing of these: the rows have a problem then")), *word.options],
                initial=given.get(word.kind, {}).get(word.text, word.guess),
                required=False,
                help_text=_("%(n)s times") % {"n": word.times} if word.times > 1 else "",
            )

    @property
    def by_kind(self) -> list[dict[str, Any]]:
        """[{"label", "fields"}] in the order of the kinds."""
        kinds: dict[str, list[Any]] = {}
        for name, word in self.words.items():
            kinds.setdefault(word.label, []).append(self[name])
        return [{"label": label, "fields": fields} for label, fields in kinds.items()]

    @property
    def explained(self) -> dict[str, dict[str, str]]:
        explained: dict[str, dict[str, str]] = {}
        for name, word in self.words.items():
            explained.setdefault(word.kind, {})[word.text] = self.cleaned_data[name]
        return explained


class RowsForm(forms.Form):
    """Which rows are left out. Not valid while one that is wanted is not understood."""

    leave_problems = forms.BooleanField(label=gettext_lazy("Leave out every row that has a problem"), required=False)
    left_out = forms.MultipleChoiceField(label=gettext_lazy("Leave out"), required=False)

    def __init__(self, *args: Any, going: Going, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.going = going
        numbers = [(str(row.number), str(row.number)) for row in going.rows]
        self.fields["left_out"].choices = numbers  # type: ignore[attr-defined]
        self.rows: list[Row] = []

    @property
    def unwanted(self) -> list[int]:
        """The rows marked so far, also while the form is not valid."""
        return [int(number) for number in self["left_out"].value() or [] if number.isdecimal()]

    def clean(self) -> None:
        left_out, problems = self.cleaned_data.get("left_out", []), self.cleaned_data.get("leave_problems", False)
        try:
            self.rows = self.going.wanted(left_out, without_problems=problems)
        except Refused as refused:
            raise refusal(refused) from refused
