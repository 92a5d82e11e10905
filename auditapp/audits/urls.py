"""Addresses of audits. Decision, signature and report need the room above: auditapp.reports.urls has them."""

from django.urls import path

from auditapp.audits.views import (
    carrying,
    course,
    evidence,
    filling,
    opening,
    overview,
    paper,
    review,
    second_reading,
    standing,
    suppliers,
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
    path("<slug:ref>/rounds/<int:n>/", overview.round, name="round"),
    path("<slug:ref>/assignments/", course.assignments, name="assignments"),
    path("<slug:ref>/assignments/removal/", course.assignment_removal, name="assignment_removal"),
    path("<slug:ref>/carry-forward/", carrying.carry_forward, name="carry_forward"),
    path("<slug:ref>/versions/<int:number>/", carrying.version, name="version"),
    path("<slug:ref>/submission/", course.submission, name="submission"),
    path("<slug:ref>/withdrawal/", course.withdrawal, name="withdrawal"),
    path("<slug:ref>/revision/", course.revision, name="revision"),
    path("<slug:ref>/review/", review.review, name="review"),
    path("<slug:ref>/hazard-ratings/", review.hazard_ratings, name="hazard_ratings"),
    path("<slug:ref>/hazard-ratings/<slug:hazard>/", review.hazard_rating, name="hazard_rating"),
    path("<slug:ref>/hazard-ratings/<slug:hazard>/closure/", review.hazard_closure, name="hazard_closure"),
    # /audits/<ref>/paper/: printed, copied, checked
    path("<slug:ref>/paper/", paper.sheets, name="paper"),
    path("<slug:ref>/paper/checks/", paper.checks, name="paper_checks"),
    path("<slug:ref>/paper/categories/<slug:code>/", paper.entering, name="paper_entry"),
    path("<slug:ref>/paper/answers/<slug:code>/check/", paper.check, name="paper_check"),
    # /audits/<ref>/second-reading/: two readers apart
    path("<slug:ref>/second-reading/", second_reading.second_reading, name="second_reading"),
    path("<slug:ref>/second-reading/new/", second_reading.beginning, name="second_reading_beginning"),
    path("<slug:ref>/second-reading/finish/", second_reading.finish, name="second_reading_finish"),
    path("<slug:ref>/second-reading/agreed/", second_reading.agreed, name="second_reading_agreed"),
    path(
        "<slug:ref>/second-reading/categories/<slug:code>/",
        second_reading.category,
        name="second_reading_category",
    ),
    path("<slug:ref>/second-reading/answers/<slug:code>/", second_reading.reading, name="reading"),
    path("<slug:ref>/second-reading/answers/<slug:code>/settlement/", second_reading.settlement, name="settlement"),
    # /audits/<ref>/suppliers/: what is asked of the supplier
    path("<slug:ref>/suppliers/", suppliers.supplier_requests, name="supplier_requests"),
    path("<slug:ref>/suppliers/new/", suppliers.asking, name="supplier_asking"),
    path("<slug:ref>/suppliers/<int:n>/", suppliers.supplier_request, name="supplier_request"),
    path("<slug:ref>/suppliers/<int:n>/link/", suppliers.supplier_link, name="supplier_link"),
    path("<slug:ref>/suppliers/<int:n>/reminder/", suppliers.supplier_reminder, name="supplier_reminder"),
    path("<slug:ref>/suppliers/<int:n>/extension/", suppliers.supplier_extension, name="supplier_extension"),
    path("<slug:ref>/suppliers/<int:n>/revocation/", suppliers.supplier_revocation, name="supplier_revocation"),
    path(
        "<slug:ref>/suppliers/<int:n>/answers/<slug:code>/judgement/",
        suppliers.supplier_judgement,
        name="supplier_judgement",
    ),
    path("<slug:ref>/suppliers/<int:n>/files/<int:pk>/", suppliers.supplier_file, name="supplier_file"),
    # /audits/<ref>/categories/<code>/ and /audits/<ref>/answers/<code>/
    path("<slug:ref>/categories/<slug:code>/", filling.category, name="category"),
    path("<slug:ref>/answers/<slug:code>/", filling.answer, name="answer"),
    path("<slug:ref>/answers/<slug:code>/approval/", filling.approval, name="approval"),
    path("<slug:ref>/answers/<slug:code>/inheritance/", standing.inheritance, name="inheritance"),
    path("<slug:ref>/answers/<slug:code>/taking-over/", carrying.taking_over, name="taking_over"),
    path("<slug:ref>/answers/<slug:code>/history/", overview.history, name="history"),
    path("<slug:ref>/answers/<slug:code>/evidence/", evidence.evidence, name="evidence"),
    path("<slug:ref>/answers/<slug:code>/evidence/removal/", evidence.evidence_removal, name="evidence_removal"),
    path("<slug:ref>/evidence/<slug:sha256>/", evidence.evidence_file, name="evidence_file"),
]
