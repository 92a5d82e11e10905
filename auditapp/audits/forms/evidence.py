"""Evidence for an answer: files, or a link, and what is said about them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.audits.models import KeptPassage
from auditapp.deployments.forms import Words, day_input
from auditapp.evidence import held_page, kinds
from auditapp.evidence.intake import Taken, taken_in
from auditapp.evidence.models import Evidence
from auditapp.evidence.refusing import SENTENCES, NotTaken
from auditapp.evidence.uploads import PartialUpload
from auditapp.identifiers.file_text import found_in_parts, text_of
from auditapp.identifiers.looking import Found, digest_of, found_in_fields

FILES = 20  # at once
KEPT_FOR_ANOTHER_TRY = {"unscanned", "incomplete"}


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """All files that were sent under one name, from the chooser and from the camera."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        sent = data if isinstance(data, list | tuple) else [data] if data else []
        if len(sent) > FILES:
            raise forms.ValidationError(_("Add at most %(n)s files at once.") % {"n": FILES})
        return list(sent)


class EvidenceForm(forms.Form):
    """Files that come with the form or that arrived in parts before it, or a link; with the day they are true for.

    What looks like patient data is kept only when the person has looked at this very thing and says why it is none.
    """

    SAID: tuple[str, ...] = ("title", "document", "effective_date", "valid_until", "version", "source")
    NOTHING = gettext_lazy("Choose a file or enter a link.")

    title = Words(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=gettext_lazy("What it is, such as “Accuracy review, 120 outputs”."),
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    file = ManyFiles(label=gettext_lazy("File"), required=False)
    url = forms.URLField(
        label=gettext_lazy("Or a link"),
        max_length=1000,
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("For a document that is kept elsewhere. What stands behind a link can change."),
    )
    document = forms.ChoiceField(
        label=gettext_lazy("Kind of evidence"),
        choices=[("", gettext_lazy("Not said")), *Evidence.Document.choices],
        required=False,
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
    version = Words(
        label=gettext_lazy("Version"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("As the document names it, such as “2.1”."),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Whose it is"), choices=Evidence.Source.choices, initial=Evidence.Source.OURS
    )
    looked = forms.CharField(label=gettext_lazy("No patient data"), required=False)  # the digest of what was shown
    reason = forms.ChoiceField(
        label=gettext_lazy("Why it is not patient data"),
        choices=[("", gettext_lazy("Choose a reason")), *KeptPassage.Reason.choices],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, data: QueryDict | None, files: Any, *, code: str, uploads: Any, kept: Any) -> None:
        """`code` is the question's, before each id: a page may hold several of these forms. `uploads` are the person's
        files on their way, `kept` the items that their bytes may be taken from again.
        """
        super().__init__(data, files, auto_id=f"{code}_%s")
        sent = data if data is not None else QueryDict()
        self.photo_id = f"{code}_photo"
        self.tokens: Sequence[str] = sent.getlist("upload")[:FILES]
        self.digests: Sequence[str] = sent.getlist("upload_sha256")
        self.left_out: Sequence[str] = sent.getlist("leave_out")  # tokens of files that arrived and are not wanted
        self.uploads = uploads
        self.arrived: list[PartialUpload] = []
        self.waiting: list[tuple[PartialUpload, str]] = []  # whole and well, for when the form is sent again
        self.again: list[Evidence] = list(kept.named(sent.getlist("again")[:1]))
        self.taken: list[Taken] = []
        self.not_taken: list[str] = []  # codes of refusals
        self.words: dict[str, list[Found]] = {}  # field -> what looks like patient data in it
        self.in_files: list[dict[str, list[Found]]] = []  # the same of the name and the text of each file in `taken`
        self.unread: list[str] = []  # what of the files could not be read, in sentences
        self.fields["file"].help_text = told_beforehand()
        if reason := self.fields.get("reason"):
            reason.widget.attrs["aria-describedby"] = f"{code}_reason_error"
        self.fields["file"].widget.attrs.update(
            {
                "accept": kinds.ACCEPT,
                "data-max-bytes": str(settings.EVIDENCE_MAX_BYTES),
                "data-too-large": too_large("{size} MB"),
                "data-wrong-type": str(SENTENCES["type"]) % {"types": kinds.IN_WORDS},
            }
        )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        starts, until = values.get("effective_date"), values.get("valid_until")
        if starts and until and until < starts:
            self.add_error("valid_until", _("This is before the date of the document. Check the two dates."))
        if "file" not in self.errors:
            self._take_in(values.get("file", []))
        if {"file", "url"} & set(self.errors):
            return values
        anything = bool(self.taken or self.again)
        if anything and values.get("url"):
            self.add_error("url", _("Choose a file or enter a link, not both. Add the other one after this."))
        elif not anything and not values.get("url"):
            self.add_error("file", self.NOTHING)
        if not self.errors:
            self._look(values)
        return values

    def _look(self, values: dict[str, Any]) -> None:
        """The words, and every file however it came; bytes that are kept already were looked through when they came."""
        self.words = found_in_fields(
            {"title": values["title"], "version": values.get("version", ""), "url": unquote(values.get("url", ""))}
        )
        for taken in self.taken:
            text = text_of(taken.content, taken.filename)
            named = found_in_fields({"filename": taken.filename})
            self.in_files.append(named | ({"file": found} if (found := found_in_parts(text.parts)) else {}))
            if text.unread:
                self.unread.append(f"{taken.filename}: {text.unread}" if len(self.taken) > 1 else text.unread)
        if self.found and values["looked"] != self.digest:
            self.add_error("looked", _("This looks like patient data. Take it out, or say that you have looked."))
        elif self.found and not values["reason"]:
            self.add_error("reason", _("Choose why it is not patient data."))

    @property
    def found(self) -> list[Found]:
        """Everything that looks like patient data."""
        return [passage for part in (self.words, *self.in_files) for passages in part.values() for passage in passages]

    @property
    def digest(self) -> str:
        """Of everything that was found: whoever agrees to it agrees to nothing else."""
        return digest_of(self.found)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """As `held_page.in_parts` says; with the names of the files, where there are several."""
        names = [taken.filename if len(self.taken) > 1 else "" for taken in self.taken]
        return held_page.in_parts([("", self.words), *zip(names, self.in_files, strict=True)])

    @property
    def must_be_chosen_again(self) -> bool:
        """Whether a file came with the form: a browser puts none back into it."""
        return bool(self.files)

    def _take_in(self, files: list[UploadedFile]) -> None:
        """Every file, or a sentence for each that cannot be kept."""
        many = len(files) + len(self.tokens) > 1
        for file in files:
            self._hear(file.name or "", many, lambda file=file: taken_in(file))
        for n, token in enumerate(self.tokens):
            upload = self.uploads.named(token).first()
            if upload is None:
                self.add_error("file", _("An upload is not here any more. Choose the file again."))
                continue
            if token in self.left_out:
                upload.drop()
                continue
            digest = self.digests[n] if n < len(self.digests) else ""
            self.arrived.append(upload)
            heard = self._hear(upload.filename, many, lambda it=upload, digest=digest: it.taken_in(sha256=digest))
            if heard or self.not_taken[-1] in KEPT_FOR_ANOTHER_TRY:
                self.waiting.append((upload, digest))
            else:
                upload.drop()

    def _hear(self, name: str, many: bool, take: Any) -> bool:
        try:
            self.taken.append(take())
        except NotTaken as refused:
            self.not_taken.append(refused.code)
            self.add_error("file", f"{name}: {refused.sentence}" if many else refused.sentence)
            return False
        return True

    @property
    def items(self) -> list[dict[str, Any]]:
        """What `Answer.add_evidence` takes, for each file or the link; several files are told apart by their names."""
        about = {name: self.cleaned_data[name] for name in self.SAID}
        about |= {"looked_at": self.words, "reason": self.cleaned_data.get("reason", "")}
        if url := self.cleaned_data.get("url"):
            return [about | {"url": url}]
        if self.again:
            return [about | {"again": self.again[0]}]
        files = [
            about | {"content": taken, "looked_at": self.words | found}
            for taken, found in zip(self.taken, self.in_files, strict=True)
        ]
        if len(files) > 1:
            for item in files:
                item["title"] = f"{about['title']}, {item['content'].filename}"[:200]
        return files

    @property
    def as_hidden(self) -> list[tuple[str, str]]:
        """What was typed about the files, and said of it, for a form that sends it again without them."""
        looked = digest_of(passage for passages in self.words.values() for passage in passages)
        return [*((name, self.data.get(name, "")) for name in (*self.SAID, "reason")), ("looked", looked)]


def told_beforehand() -> str:
    """Which files are taken, before anyone chooses one."""
    return _("%(types)s, up to %(limit)s. No patient data. Texts are looked through for it, pictures are not.") % {
        "types": kinds.IN_WORDS,
        "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES),
    }


def too_large(size: str) -> str:
    return str(SENTENCES["too_large"]) % {"size": size, "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES)}


class AnnouncedFile(forms.Form):
    """What a device says of a file before it sends it."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0)
    modified = forms.CharField(max_length=40, required=False)
