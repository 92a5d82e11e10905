"""Products and vendors across hospitals, and the notices that suppliers send."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp.deployments.models import (
    Deployment,
    NoticeAcknowledgement,
    Product,
    SupplierNotice,
    Vendor,
)
from auditapp.deployments.models.notice import REPORTERS
from auditapp.tracking import products
from auditapp.tracking.notice_forms import AcknowledgementForm, NoticeForm


@require_safe
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """Every deployment of a product that the person may see, side by side."""
    found = get_object_or_404(Product.objects.visible_to(request.user).select_related("vendor"), pk=pk)
    return render(request, "tracking/product.html", products.page(found, request.user, request.GET))


@require_safe
def vendor(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything of a vendor."""
    found = get_object_or_404(Vendor.objects.visible_to(request.user), pk=pk)
    return render(request, "tracking/vendor.html", products.vendor_page(found, request.user))


@require_http_methods(["GET", "POST"])
def notice_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter what the supplier says, once for every hospital."""
    found = get_object_or_404(Product.objects.visible_to(request.user).select_related("vendor"), pk=pk)
    request.user.must_hold(*REPORTERS, site=None, to=_("enter a supplier’s notice"))
    form = NoticeForm(request.POST or None, versions=products.known_versions(found, request.user))
    if request.method == "POST" and form.is_valid():
        entered = SupplierNotice.receive(found, by=request.user, **form.said)
        messages.success(request, _("The notice is entered. Every owner is told."))
        return redirect(entered)
    return render(request, "tracking/notice_entry.html", {"form": form, "product": found})


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """What a supplier said, and who has said what they did about it."""
    found = get_object_or_404(SupplierNotice.objects.visible_to(request.user).with_names(), pk=pk)
    return render(request, "tracking/notice.html", products.notice_page(found, request.user, request.GET))


@require_http_methods(["GET", "POST"])
def acknowledgement(request: HttpRequest, pk: int, ref: str) -> HttpResponse:
    """Say what was done about a notice on one deployment."""
    found = get_object_or_404(SupplierNotice.objects.visible_to(request.user).with_names(), pk=pk)
    known = Deployment.objects.visible_to(request.user).with_names()
    deployment = get_object_or_404(known, ref=ref, product=found.product_id)
    NoticeAcknowledgement.must_be_open_to(request.user, found, deployment)
    form = AcknowledgementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        NoticeAcknowledgement.give(found, deployment, by=request.user, **form.cleaned_data)
        messages.success(request, _("What you did is on the record."))
        return redirect(found)
    page = {"form": form, "notice": found, "deployment": deployment}
    return render(request, "tracking/acknowledgement.html", page)
