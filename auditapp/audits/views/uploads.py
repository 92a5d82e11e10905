"""Large files in parts, for scripts: announced, asked after, sent on, given up. docs/evidence.md has the protocol."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from auditapp.audits.forms.evidence import AnnouncedFile
from auditapp.audits.models import Answer
from auditapp.evidence.uploads import PART, PartialUpload


def _answer(request: HttpRequest, ref: str, code: str) -> Answer:
    answers = Answer.objects.visible_to(request.user).with_assignment(request.user)
    answer = get_object_or_404(answers.select_related("audit", "site"), audit__ref=ref, code=code)
    answer.must_be_open_to(request.user)
    return answer


@require_POST
def uploads(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Announce a file by name and size, or find where it broke off; what cannot be kept is refused at once."""
    answer = _answer(request, ref, code)
    form = AnnouncedFile(request.POST)
    if not form.is_valid():
        return JsonResponse({"why": _("The file was not announced as it should be.")}, status=422)
    upload = PartialUpload.begin(**form.cleaned_data, by=request.user, site=answer.site)
    address = reverse("audits:upload", args=[ref, code, upload.token])
    return _stands(upload, {"token": upload.token, "address": address, "part": PART}, status=201)


@never_cache
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, ref: str, code: str, token: UUID) -> HttpResponse:
    """How far a file has come; its next part; or nobody wants it any more."""
    _answer(request, ref, code)
    found = get_object_or_404(PartialUpload.objects.visible_to(request.user), token=token)
    if request.method == "PATCH":
        return _next_part(request, found)
    if request.method == "DELETE":
        found.finish(by=request.user)
        return HttpResponse(status=204)
    return _stands(found, {"size": found.size})


def _next_part(request: HttpRequest, found: PartialUpload) -> HttpResponse:
    """A part for another place than the next one is answered with where the file stands, and changes nothing."""
    announced = request.headers.get("Upload-Offset", "")
    part = request.read(PART + 1)
    if not announced.isdecimal() or not part or len(part) > PART:
        return JsonResponse({"why": _("The part was not sent as it should be.")}, status=422)
    wanted = int(announced) + len(part)
    return _stands(found, {}, status=200 if found.append(part, offset=int(announced)) == wanted else 409)


def _stands(found: PartialUpload, more: dict[str, object], status: int = 200) -> HttpResponse:
    offset = found.arrived
    return JsonResponse({"offset": offset, **more}, status=status, headers={"Upload-Offset": str(offset)})
