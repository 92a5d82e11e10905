"""Addresses of what looks into several rooms: one's work, the portfolio, the page of a deployment."""

from django.urls import path

from auditapp.tracking import board_views, product_views, registration, views

app_name = "tracking"
urlpatterns = [
    path("", views.my_work, name="my_work"),
    path("portfolio/", views.portfolio, name="portfolio"),
    # /questionnaires/checks/<code>/: the check itself is the room below's
    path("questionnaires/checks/<slug:code>/answers/", views.check_answers, name="check_answers"),
    path("board/", board_views.board, name="board"),
    path("board/audits/", board_views.board_audits, name="board_audits"),
    path("board/reports/", board_views.board_reports, name="board_reports"),
    path("board/reports/<int:pk>/", board_views.board_report, name="board_report"),
    path("board/reports/<int:pk>/report.pdf", board_views.board_report_pdf, name="board_report_pdf"),
    path("board/reports/<int:pk>/facts.json", board_views.board_report_facts, name="board_report_facts"),
    path("products/<int:pk>/", product_views.product, name="product"),
    path("products/<int:pk>/notices/new/", product_views.notice_entry, name="notice_entry"),
    path("vendors/<int:pk>/", product_views.vendor, name="vendor"),
    path("notices/<int:pk>/", product_views.notice, name="notice"),
    path("notices/<int:pk>/<slug:ref>/", product_views.acknowledgement, name="acknowledgement"),
    path("comparison/<slug:ref>/", views.comparison_choice, name="comparison_choice"),
    path("comparison/<slug:ref>/<slug:other>/", views.comparison, name="comparison"),
    # /deployments/
    path("deployments/new/", registration.registration, name="registration"),
    path("deployments/<slug:ref>/", views.deployment, name="deployment"),
    path("deployments/<slug:ref>/profile/", registration.profile, name="profile"),
    path("deployments/<slug:ref>/profile/new/", registration.new_profile, name="new_profile"),
    path(
        "deployments/<slug:ref>/profile/confirmation/",
        registration.profile_confirmation,
        name="profile_confirmation",
    ),
]
