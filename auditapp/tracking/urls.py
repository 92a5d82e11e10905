"""Addresses of what looks into several rooms: one's work, the portfolio, the page of a deployment."""

from django.urls import path

from auditapp.tracking import (
    board_views,
    calendar_page,
    intake_page,
    life_page,
    on_a_day,
    planning,
    product_views,
    registration,
    rules,
    scheduling,
    views,
)

app_name = "tracking"
urlpatterns = [
    path("", views.my_work, name="my_work"),
    path("portfolio/", views.portfolio, name="portfolio"),
    path("schedule/", scheduling.schedule, name="schedule"),
    path("schedule/calendar/", calendar_page.calendar, name="calendar"),
    path("schedule/calendar/end/", calendar_page.calendar_end, name="calendar_end"),
    path("calendar/<str:token>.ics", calendar_page.calendar_feed, name="calendar_feed"),
    # /first-plan/<hospital>/: of what was live before anybody audited it
    path("first-plan/", planning.first_plans, name="first_plans"),
    path("first-plan/<slug:code>/", planning.first_plan, name="first_plan"),
    path("first-plan/<slug:code>/proposal/", planning.first_plan_proposal, name="first_plan_proposal"),
    path("first-plan/<slug:code>/days/", planning.first_plan_days, name="first_plan_days"),
    path("first-plan/<slug:code>/signature/", planning.first_plan_signature, name="first_plan_signature"),
    path("first-plan/<slug:code>/<int:n>.json", planning.first_plan_file, name="first_plan_file"),
    # /rules/: a hospital's own, over time
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.new_rules, name="new_rules"),
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
    path("proposals/", intake_page.proposals, name="proposals"),
    path("proposals/new/", intake_page.new_proposal, name="new_proposal"),
    path("proposals/<slug:ref>/", intake_page.proposal, name="proposal"),
    path("proposals/<slug:ref>/declining/", intake_page.declining, name="proposal_declining"),
    path("proposals/<slug:ref>/noted/", intake_page.noted, name="proposal_noted"),
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
    path("deployments/<slug:ref>/on/", on_a_day.on_a_day, name="on_a_day"),
    path("deployments/<slug:ref>/status/", life_page.status, name="status"),
    path("deployments/<slug:ref>/status/sign-off/", life_page.sign_off, name="sign_off"),
    path("deployments/<slug:ref>/status/drop/", life_page.drop, name="status_drop"),
]
