"""Questionnaires that come as files and leave as files."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.questionnaires import exporting
from auditapp.questionnaires.forms.exchange import ColumnsForm, RowsForm, UploadForm, ValuesForm
from auditapp.questionnaires.importing import Import
from auditapp.questionnaires.models import ChecklistUpload, QuestionnaireVersion
from auditapp.questionnaires.models.draft import must_write


def _going(request: HttpRequest, pk: int) -> Import:
    """An upload of the organisation, for those who write questionnaires."""
    upload = get_object_or_404(ChecklistUpload.objects.visible_to(request.user), pk=pk)
    must_write(request.user)
    return Import(upload, request.user)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Bring a file along; what is wrong with it is said beside it."""
    must_write(request.user)
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect(ChecklistUpload.keep(by=request.user, **form.cleaned_data))
    page = {"form": form, "waiting": ChecklistUpload.objects.visible_to(request.user)}
    return render(request, "questionnaires/import.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the columns are; another sheet or heading row is read by the address."""
    going = _going(request, pk)
    table = going.table(request.GET.get("sheet", ""), request.GET.get("header", ""))
    form = ColumnsForm(request.POST or None, going=going, table=table)
    if request.method == "POST" and form.is_valid():
        going.upload.explain(by=request.user, **form.cleaned_data)
        return redirect("questionnaires:import_values", pk)
    page = {"going": going, "upload": going.upload, "table": table, "form": form}
    return render(request, "questionnaires/import_columns.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def values(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the sheet's words mean; where all of them are ours this step is passed over."""
    going = _going(request, pk)
    going.must_have_columns()
    form = ValuesForm(request.POST or None, values=going.open_values, given=going.upload.choices.get("values", {}))
    if request.method == "POST" and form.is_valid():
        going.upload.explain(by=request.user, values=form.explained)
    elif form.values:
        page = {"upload": going.upload, "form": form}
        return render(request, "questionnaires/import_values.html", page, status=422 if form.errors else 200)
    return redirect("questionnaires:import_rows", pk)


@require_http_methods(["GET", "POST"])
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Every row as it would be asked, with its problems; importing makes a draft of those that are wanted."""
    going = _going(request, pk)
    going.must_have_columns()
    form = RowsForm(request.POST or None, going=going, initial={"title": going.upload.title})
    if request.method == "POST" and form.is_valid():
        title = form.cleaned_data["title"]
        draft = going.upload.become_draft(form.questions, by=request.user, title=title, about=going.about)
        messages.success(
            request, _("The draft has %(n)s questions. Nothing is published yet.") % {"n": len(form.questions)}
        )
        return redirect(draft)
    page = {"going": going, "upload": going.upload, "form": form}
    return render(request, "questionnaires/import_rows.html", page, status=422 if form.errors else 200)


@require_POST
def giving_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Take nothing of a file in."""
    going = _going(request, pk)
    going.upload.give_up(by=request.user)
    messages.success(request, _("“%(name)s” is gone. Nothing of it was taken in.") % {"name": going.upload.name})
    return redirect("questionnaires:import")


@require_safe
def spreadsheet(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A version as .xlsx."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire", "frozen")
    return exporting.spreadsheet(get_object_or_404(versions, questionnaire__code=code, number=number), request.user)


@require_safe
def yaml(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A version as a questionnaire file."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire", "frozen")
    return exporting.yaml(get_object_or_404(versions, questionnaire__code=code, number=number))
