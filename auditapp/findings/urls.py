"""Addresses of findings, of what is done about them, and of hazard ratings outside an audit."""

from django.urls import path

from auditapp.findings.views import actions, findings, hazards

app_name = "findings"
urlpatterns = [
    path("", findings.findings, name="list"),
    path("new/", findings.choice, name="choice"),
    path("of/<slug:ref>/new/", findings.entry, name="entry"),  # of a deployment
    # /findings/hazards/<hazard>/
    path("hazards/<slug:hazard>/rating/", hazards.rating_again, name="rating_again"),
    path("hazards/<slug:hazard>/closure/", hazards.closure, name="hazard_closure"),
    path("hazards/<slug:hazard>/acceptance/", hazards.acceptance, name="acceptance"),
    # /findings/<ref>/
    path("<slug:ref>/", findings.finding, name="finding"),
    path("<slug:ref>/priority/", findings.priority, name="priority"),
    path("<slug:ref>/due/", findings.due, name="due"),
    path("<slug:ref>/owner/", findings.owner, name="owner"),
    path("<slug:ref>/closure/", findings.closure, name="closure"),
    path("<slug:ref>/reopening/", findings.reopening, name="reopening"),
    path("<slug:ref>/root-cause/", findings.root_cause, name="root_cause"),
    path("<slug:ref>/root-cause/<int:n>/release/", findings.root_cause_release, name="root_cause_release"),
    path("<slug:ref>/hazard-rating/", hazards.rating, name="rating"),
    path("<slug:ref>/evidence/<str:sha256>/", findings.evidence_file, name="evidence_file"),
    path("<slug:ref>/actions/new/", actions.planning, name="action"),
    path("<slug:ref>/actions/<int:n>/completion/", actions.completion, name="action_completion"),
    path("<slug:ref>/actions/<int:n>/judgement/", actions.judgement, name="action_judgement"),
    path("<slug:ref>/actions/<int:n>/giving-up/", actions.drop, name="action_drop"),
]
