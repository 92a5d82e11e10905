"""Addresses: nouns, grouped by room. The access table in tests/test_access.py holds every one of them."""

from django.urls import include, path

from auditapp import public

urlpatterns = [
    path("", include("auditapp.exchange.urls")),
    path("", include("auditapp.tracking.urls")),
    path("", include("auditapp.accounts.urls")),
    path("deployments/", include("auditapp.deployments.urls")),
    path("questionnaires/", include("auditapp.questionnaires.urls")),
    path("audits/", include("auditapp.audits.urls")),
    path("supplier/", include("auditapp.audits.supplier_urls")),
    path("findings/", include("auditapp.findings.urls")),
    path("incidents/", include("auditapp.findings.incident_urls")),
    path("", include("auditapp.reports.urls")),
    path("help/", public.help_page, name="help"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("healthz", public.healthz, name="healthz"),
]
