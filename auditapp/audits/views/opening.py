"""Opening an audit."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from auditapp.accounts.models import Role
from auditapp.audits.forms.opening import DeploymentForm, OpeningForm
from auditapp.audits.models import Audit
from auditapp.questionnaires.models import QuestionnaireVersion


@require_http_methods(["GET", "POST"])
def opening(request: HttpRequest) -> HttpResponse:
    """First the deployment, by its address; then the rest, which can be looked at before it is opened."""
    request.user.must_hold(Role.AUDITOR, site=None, to=_("open an audit"))
    chosen = DeploymentForm(request.GET if "deployment" in request.GET else None, user=request.user)
    if not chosen.is_valid():
        return render(request, "audits/choose_deployment.html", {"form": chosen})
    deployment = chosen.cleaned_data["deployment"]
    if not deployment.newest_profile.is_confirmed:
        return render(request, "audits/unconfirmed.html", {"deployment": deployment})
    versions = QuestionnaireVersion.objects.visible_to(request.user).published().with_questions()
    form = _form(request, deployment, versions.order_by("questionnaire__position").with_content())
    if request.method == "POST" and form.is_valid() and not form.lacks:
        audit = Audit.open(deployment, by=request.user, **form.cleaned_data)
        messages.success(request, _("%(ref)s is open.") % {"ref": audit.ref})
        return redirect(audit)
    page = {"form": form, "deployment": deployment, "preview": form.is_bound and form.is_valid()}
    return render(request, "audits/opening.html", page)


def _form(request: HttpRequest, deployment: object, versions: list[QuestionnaireVersion]) -> OpeningForm:
    """Bound to what is posted, or to an address that names a questionnaire: the preview."""
    data = request.POST if request.method == "POST" else request.GET if "version" in request.GET else None
    wanted = (request.GET.get("for", ""), request.GET.getlist("trigger"))
    return OpeningForm(data, deployment=deployment, versions=versions, wanted=wanted)
