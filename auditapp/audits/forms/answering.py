"""One answer, and one item of evidence."""

from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.audits.models import AnswerRevision, KeptPassage, Verdict
from auditapp.deployments.forms import Words, day_input
from auditapp.evidence import kinds
from auditapp.evidence.models import Evidence
from auditapp.identifiers.file_text import found_in_parts, text_of
from auditapp.identifiers.looking import Found, digest_of, found_in_fields
from auditapp.text import clean

TEXT = 20_000  # characters: about ten printed pages
MOST_SHOWN = 5  # passages of a file; more are counted
LARGEST = 2**31 - 1


class AnswerForm(forms.Form):
    """What a card sends: the answer, the revision it started from, the name of the request, and who is typing.

    `person` and `question` guard a page that was left open: what one person typed is never saved under another's name,
    and what was typed below one wording never below another.
    """

    base = forms.IntegerField(min_value=0, max_value=LARGEST)
    key = forms.CharField(max_length=64)
    person = forms.IntegerField(required=False)
    question = forms.IntegerField(required=False)
    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    note = Words(required=False, max_length=TEXT)
    evidence_note = Words(required=False, max_length=TEXT)
    gap = Words(required=False, max_length=TEXT)
    owner = Words(required=False, max_length=AnswerRevision._meta.get_field("owner").max_length)
    due = forms.DateField(required=False)
    control = Words(required=False, max_length=TEXT)
    justification = Words(required=False, max_length=TEXT)
    deviation = Words(required=False, max_length=TEXT)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_person(self) -> None:
        person = self.cleaned_data["person"]
        if person is not None and person != self.user.pk:
            raise forms.ValidationError(
                _("You are now signed in as %(name)s, and this was typed by somebody else. It is not saved.")
                % {"name": self.user.name}
            )

    def clean(self) -> dict[str, Any]:
        """What `Answer.save_revision` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "person"}

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Field -> sentences, for a card; what belongs to no field of it stands under "card"."""
        shown = {**dict.fromkeys(("base", "key", "person", "question"), "card")}
        wrong: dict[str, list[str]] = {}
        for name, errors in self.errors.items():
            wrong.setdefault(shown.get(name, name), []).extend(str(error) for error in errors)
        return wrong


class ApprovalForm(forms.Form):
    """Which revision a second person has read."""

    n = forms.IntegerField(min_value=0, max_value=LARGEST)

    @classmethod
    def number_in(cls, data: Any) -> int:
        """The number sent; 0, which no revision has, when there is none."""
        form = cls(data)
        return form.cleaned_data["n"] if form.is_valid() else 0


class EvidenceForm(forms.Form):
    """A file or a link, with the day it is true for."""

    title = Words(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=gettext_lazy("What it is, such as “Accuracy review, 120 outputs”."),
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    url = forms.URLField(
        label=gettext_lazy("Or a link"),
        max_length=1000,
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("For a document that is kept elsewhere. What stands behind a link can change."),
    )
    effective_date = forms.DateField(
        label=gettext_lazy("Date of the document"),
        help_text=gettext_lazy("The day it is true for, not the day you add it."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the date of the document.")},
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Valid until"),
        required=False,
        help_text=gettext_lazy("Only if it says so itself."),
        widget=day_input(),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Whose it is"), choices=Evidence.Source.choices, initial=Evidence.Source.OURS
    )
    looked = forms.CharField(label=gettext_lazy("No patient data"), required=False)  # the digest of what was shown
    reason = forms.ChoiceField(
        label=gettext_lazy("Why it is not patient data"),
        choices=[("", gettext_lazy("Choose a reason")), *KeptPassage.Reason.choices],
        required=False,
        widget=forms.Select(attrs={"class": "form-select", "aria-describedby": "id_reason_error"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: dict[str, list[Found]] = {}  # part -> what looks like patient data in it
        self.unread = ""  # what of the file could not be read, in a sentence
        file, rules = self.fields["file"], upload_rules()
        file.help_text = f"{rules['told']} {_('Its text is looked through for that; pictures are not.')}"
        file.widget.attrs.update(
            {
                "accept": rules["accept"],
                "data-max-bytes": str(rules["most"]),
                "data-too-large": rules["too_large"],
                "data-wrong-type": rules["wrong_type"],
            }
        )

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return None
        if (file.size or 0) > settings.EVIDENCE_MAX_BYTES:
            raise forms.ValidationError(too_large(filesizeformat(file.size or 0)))
        if not kinds.content_type_of(file):
            raise forms.ValidationError(wrong_type())
        return file

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        starts, until = values.get("effective_date"), values.get("valid_until")
        if starts and until and until < starts:
            self.add_error("valid_until", _("This is before the date of the document. Check the two dates."))
        if {"file", "url"} & set(self.errors):
            return values
        if values.get("file") and values.get("url"):
            self.add_error("url", _("Choose a file or enter a link, not both. Add the other one after this."))
        elif not values.get("file") and not values.get("url"):
            self.add_error("file", _("Choose a file or enter a link."))
        if not self.errors:
            self._look(values)
        return values

    def _look(self, values: dict[str, Any]) -> None:
        """What looks like patient data is kept only when the person has looked at this very thing and says why."""
        file, url = values.get("file"), values.get("url") or ""
        texts = {"title": values["title"], "url": unquote(url), "filename": name_of(file) if file else ""}
        self.found = found_in_fields(texts)
        if file:
            text = text_of(file)
            self.unread = text.unread
            self.found |= {"file": passages} if (passages := found_in_parts(text.parts)) else {}
        if self.found and values["looked"] != self.digest:
            self.add_error("looked", _("This looks like patient data. Take it out, or say that you have looked."))
        elif self.found and not values["reason"]:
            self.add_error("reason", _("Choose why it is not patient data."))

    @property
    def digest(self) -> str:
        """Of everything that was found: whoever agrees to it agrees to nothing else."""
        return digest_of(passage for passages in self.found.values() for passage in passages)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """[{"place", "passages", "more"}]: the first few passages of each part, and how many there are beside them."""
        return [
            {"place": KeptPassage.PLACES[part], "passages": passages[:MOST_SHOWN], "more": len(passages[MOST_SHOWN:])}
            for part, passages in self.found.items()
        ]

    @property
    def about(self) -> dict[str, Any]:
        """What `Answer.add_evidence` takes."""
        values = dict(self.cleaned_data) | {"looked_at": self.found}
        file, url = values.pop("file"), values.pop("url")
        del values["looked"]
        if url:
            return values | {"url": url}
        return values | {
            "content": file,
            "filename": name_of(file),
            "content_type": kinds.content_type_of(file),
        }


def name_of(file: UploadedFile) -> str:
    """The name of a file as it is kept."""
    return "".join(letter for letter in clean(PurePath(file.name or "").name) if letter.isprintable())[-200:]


def upload_rules() -> dict[str, Any]:
    """What the form in a card says and checks before anything is sent."""
    return {
        "told": told_beforehand(),
        "accept": kinds.ACCEPT,
        "most": settings.EVIDENCE_MAX_BYTES,
        "too_large": too_large("{size} MB"),
        "wrong_type": wrong_type(),
        "sources": Evidence.Source.choices,
    }


def told_beforehand() -> str:
    """Which files are taken, before anyone chooses one."""
    return _("%(types)s, up to %(limit)s. No patient data.") % {
        "types": kinds.IN_WORDS,
        "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES),
    }


def too_large(size: str) -> str:
    return _("The file is %(size)s. Files can be up to %(limit)s. Compress it or add a link instead.") % {
        "size": size,
        "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES),
    }


def wrong_type() -> str:
    return _("This is not a file of a type that can be kept. Take %(types)s, or add a link instead.") % {
        "types": kinds.IN_WORDS
    }
