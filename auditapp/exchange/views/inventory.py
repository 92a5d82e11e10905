"""An inventory that a hospital kept elsewhere becomes deployments: the file, its columns, its words, its rows."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import lists
from auditapp.exchange.forms.inventory import ColumnsForm, InventoryForm, RowsForm, WordsForm
from auditapp.exchange.inventory.going import Going
from auditapp.exchange.models import InventoryUpload
from auditapp.exchange.models.inventory import must_bring


def _going(request: HttpRequest, pk: int) -> Going:
    """What this person brought along."""
    upload = get_object_or_404(InventoryUpload.objects.visible_to(request.user), pk=pk)
    must_bring(request.user)
    return Going(upload, request.user)


@require_http_methods(["GET", "POST"])
def inventory(request: HttpRequest) -> HttpResponse:
    """Bring a file along; what is wrong with it is said beside it."""
    must_bring(request.user)
    form = InventoryForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect(InventoryUpload.keep(by=request.user, **form.cleaned_data))
    page = {"form": form, "waiting": InventoryUpload.objects.visible_to(request.user)}
    return render(request, "exchange/inventory.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the columns are; another sheet or heading row is read by the address."""
    going = _going(request, pk)
    table = going.table(request.GET.get("sheet", ""), request.GET.get("header", ""))
    form = ColumnsForm(request.POST or None, going=going, table=table)
    if request.method == "POST" and form.is_valid():
        going.upload.explain(by=request.user, **form.cleaned_data)
        return redirect("exchange:inventory_words", pk)
    page = {"going": going, "upload": going.upload, "table": table, "form": form}
    return render(request, "exchange/inventory_columns.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def words(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the words mean; where all of them are ours this step is passed over."""
    going = _going(request, pk)
    going.must_have_columns()
    form = WordsForm(
        request.POST if request.method == "POST" else None,
        words=going.open_words,
        given=going.upload.choices.get("words", {}),
    )
    if request.method == "POST" and form.is_valid():
        going.upload.explain(by=request.user, words=form.explained)
    elif form.words:
        page = {"upload": going.upload, "form": form}
        return render(request, "exchange/inventory_words.html", page, status=422 if form.errors else 200)
    return redirect("exchange:inventory_rows", pk)


@require_http_methods(["GET", "POST"])
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Every row with what comes of it; importing enters those that are wanted."""
    going = _going(request, pk)
    going.must_have_columns()
    form = RowsForm(request.POST if request.method == "POST" else None, going=going)
    if request.method == "POST" and form.is_valid():
        entered = going.upload.take_in(form.rows, by=request.user)
        said = ngettext("%(n)s deployment is entered.", "%(n)s deployments are entered.", len(entered))
        messages.success(request, said % {"n": len(entered)})
        return redirect("exchange:inventory_rows", pk)
    page = {"going": going, "upload": going.upload, "form": form, "counts": going.counts}
    return render(request, "exchange/inventory_rows.html", page, status=422 if form.errors else 200)


@require_safe
def to_mend(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows with a problem as a sheet, to be mended and brought along again."""
    going = _going(request, pk)
    going.must_have_columns()
    return lists.csv_file(_("rows to mend"), *going.to_mend())


@require_POST
def giving_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Do away with what was read."""
    going = _going(request, pk)
    going.upload.give_up(by=request.user)
    messages.success(request, _("“%(name)s” is gone. What was entered from it stays.") % {"name": going.upload.name})
    return redirect("exchange:inventory")
