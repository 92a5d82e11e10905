"""Addresses of audits. Decision, signature and report need the room above: auditapp.reports.urls has them."""

from django.urls import path

from auditapp.audits.views import (
    carrying,
    course,
    evidence,
    filling,
    kept,
    opening,
    overview,
    review,
    standing,
    together,
    uploads,
)

app_name = "audits"
urlpatterns = [
    path("", overview.audits, name="list"),
    path("new/", opening.opening, name="opening"),
    # /audits/standing/: answered once for the whole hospital
    path("standing/", standing.standing_answers, name="standing_answers"),
    path("standing/<slug:code>/", standing.standing_answer, name="standing_answer"),
    # /audits/<ref>/
    path("<slug:ref>/", overview.audit, name="audit"),
    path("<slug:ref>/exclusions/", overview.exclusions, name="exclusions"),
    path("<slug:ref>/kept-passages/", kept.kept_passages, name="kept_passages"),
    path("<slug:ref>/rounds/<int:n>/", overview.round, name="round"),
    path("<slug:ref>/assignments/", together.assignments, name="assignments"),
    path("<slug:ref>/assignments/removal/", together.assignment_removal, name="assignment_removal"),
    path("<slug:ref>/assignments/<int:pk>/", together.assignment, name="assignment"),
    path("<slug:ref>/assignments/categories/<slug:code>/", together.assignment_part, name="assignment_part"),
    path("<slug:ref>/presence/", together.presence, name="presence"),
    path("<slug:ref>/changes/", together.changes, name="changes"),
    path("<slug:ref>/carry-forward/", carrying.carry_forward, name="carry_forward"),
    path("<slug:ref>/versions/<int:number>/", carrying.version, name="version"),
    path("<slug:ref>/submission/", course.submission, name="submission"),
    path("<slug:ref>/withdrawal/", course.withdrawal, name="withdrawal"),
    path("<slug:ref>/revision/", course.revision, name="revision"),
    path("<slug:ref>/review/", review.review, name="review"),
    path("<slug:ref>/hazard-ratings/", review.hazard_ratings, name="hazard_ratings"),
    path("<slug:ref>/hazard-ratings/<slug:hazard>/", review.hazard_rating, name="hazard_rating"),
    path("<slug:ref>/hazard-ratings/<slug:hazard>/closure/", review.hazard_closure, name="hazard_closure"),
    # /audits/<ref>/categories/<code>/, /audits/<ref>/questions/ and /audits/<ref>/answers/<code>/
    path("<slug:ref>/categories/<slug:code>/", filling.category, name="category"),
    path("<slug:ref>/questions/", filling.questions, name="questions"),
    path("<slug:ref>/answers/<slug:code>/", filling.answer, name="answer"),
    path("<slug:ref>/answers/<slug:code>/flag/", filling.flag, name="flag"),
    path("<slug:ref>/answers/<slug:code>/approval/", filling.approval, name="approval"),
    path("<slug:ref>/answers/<slug:code>/inheritance/", standing.inheritance, name="inheritance"),
    path("<slug:ref>/answers/<slug:code>/taking-over/", carrying.taking_over, name="taking_over"),
    path("<slug:ref>/answers/<slug:code>/history/", overview.history, name="history"),
    path("<slug:ref>/answers/<slug:code>/comments/", together.comments, name="comments"),
    path(
        "<slug:ref>/answers/<slug:code>/comments/<int:pk>/resolution/",
        together.comment_resolution,
        name="comment_resolution",
    ),
    path(
        "<slug:ref>/answers/<slug:code>/comments/<int:pk>/withdrawal/",
        together.comment_withdrawal,
        name="comment_withdrawal",
    ),
    path("<slug:ref>/answers/<slug:code>/evidence/", evidence.evidence, name="evidence"),
    path("<slug:ref>/answers/<slug:code>/evidence/removal/", evidence.evidence_removal, name="evidence_removal"),
    path("<slug:ref>/answers/<slug:code>/evidence/choice/", evidence.evidence_choice, name="evidence_choice"),
    path("<slug:ref>/answers/<slug:code>/uploads/", uploads.uploads, name="uploads"),
    path("<slug:ref>/answers/<slug:code>/uploads/<uuid:token>/", uploads.upload, name="upload"),
    path("<slug:ref>/evidence/<slug:sha256>/preview/", evidence.evidence_preview, name="evidence_preview"),
    path("<slug:ref>/evidence/<slug:sha256>/", evidence.evidence_file, name="evidence_file"),
]
