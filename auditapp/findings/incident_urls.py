"""Addresses of incidents."""

from django.urls import path

from auditapp.findings.views import incidents

app_name = "incidents"
urlpatterns = [
    path("", incidents.incidents, name="list"),
    path("new/", incidents.choice, name="choice"),
    path("of/<slug:ref>/new/", incidents.report, name="report"),  # of a deployment
    # /incidents/<ref>/
    path("<slug:ref>/", incidents.incident, name="incident"),
    path("<slug:ref>/review/", incidents.review, name="review"),
    path("<slug:ref>/findings/", incidents.findings, name="findings"),
    path("<slug:ref>/exports/new/", incidents.exporting, name="exporting"),
    path("<slug:ref>/exports/<uuid:number>/", incidents.export, name="export"),
    path("<slug:ref>/exports/<uuid:number>/incident.json", incidents.export_json, name="export_json"),
]
