"""Addresses of the supplier's own page. None of them holds a token."""

from django.urls import path

from auditapp.audits.views import supplier

app_name = "supplier"
urlpatterns = [
    path("", supplier.page, name="page"),
    path("sending/", supplier.sending, name="sending"),
    path("leaving/", supplier.leaving, name="leaving"),
    path("answers/<slug:code>/", supplier.reply, name="reply"),
    path("answers/<slug:code>/files/", supplier.file, name="file"),
    path("answers/<slug:code>/files/removal/", supplier.file_removal, name="file_removal"),
]
