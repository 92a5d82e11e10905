"""Addresses of decisions, reports and their verification."""

from django.urls import path

from auditapp.reports import views

app_name = "reports"
urlpatterns = [
    # /audits/<ref>/
    path("audits/<ref>/decision/", views.decision, name="decision"),
    path("audits/<ref>/report/", views.report, name="report"),
    path("audits/<ref>/report/withdrawal/", views.withdrawal, name="withdrawal"),
    path("audits/<ref>/report/withdrawal/confirmation/", views.withdrawal_confirmation, name="withdrawal_confirmation"),
    path("audits/<ref>/report/withdrawal/end/", views.withdrawal_end, name="withdrawal_end"),
    path("audits/<ref>/related-clauses/", views.related_clauses, name="related_clauses"),
    path("audits/<ref>/signature/", views.signature, name="signature"),
    path("audits/<ref>/signature/refusal/", views.refusal, name="refusal"),
    path("audits/<ref>/report.pdf", views.pdf, name="pdf"),
    path("audits/<ref>/report.json", views.export, name="json"),
    path("audits/<ref>/report.xlsx", views.spreadsheet, name="xlsx"),
    path("audits/<ref>/evidence.zip", views.evidence, name="evidence_pack"),
    # /schemas/: for anyone, without an account
    path("schemas/<name>", views.schema, name="schema"),
    # /verify/: for anyone, without an account
    path("verify/", views.verify, name="verify"),
    path("verify/<uuid:public_id>/", views.verify, name="verify_report"),
]
