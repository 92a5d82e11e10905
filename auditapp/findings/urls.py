"""Addresses of findings."""

from django.urls import path

from auditapp.findings import views

app_name = "findings"
urlpatterns = [
    path("", views.findings, name="list"),
    path("<slug:ref>/", views.finding, name="finding"),
]
