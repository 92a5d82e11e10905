"""A version as a file to work on elsewhere, or to hand to another hospital."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.questionnaires.models import Category, QuestionnaireVersion
from auditapp.questionnaires.spreadsheets import writing as sheets
from auditapp.questionnaires.yaml_files import writing as files


def source() -> str:
    return _(
        "Categories follow the structure of Wang et al. (arXiv:2409.18968); the audit questions are our own and are "
        "not endorsed by the authors."
    )


def spreadsheet(version: QuestionnaireVersion, user: User) -> HttpResponse:
    """The workbook; the categories of today are offered besides those that are asked."""
    categories = Category.objects.visible_to(user).values_list("code", flat=True)
    content = sheets.written(version.content, categories=categories, digest=version.sha256, source=source())
    return _file(version, "xlsx", content, sheets.TYPE)


def yaml(version: QuestionnaireVersion) -> HttpResponse:
    """The questionnaire file."""
    text = files.written(version.content, digest=version.sha256, source=source())
    return _file(version, "yaml", text.encode(), files.TYPE)


def _file(version: QuestionnaireVersion, ending: str, content: bytes, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    name = f"{version.questionnaire.code}-v{version.number}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
