"""Addresses of deployments. The page of one needs the rooms above: it is among those of auditapp.tracking."""

from django.urls import path

from auditapp.deployments import views

app_name = "deployments"
urlpatterns = [
    path("", views.deployments, name="list"),
    # /deployments/<ref>/
    path("<slug:ref>/versions/new/", views.version, name="version"),
]
