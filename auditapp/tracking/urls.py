"""Addresses of what looks into several rooms: one's work, the portfolio, the page of a deployment."""

from django.urls import path

from auditapp.tracking import intake_page, life_page, on_a_day, planning, registration, rules, scheduling, views

app_name = "tracking"
urlpatterns = [
    path("", views.my_work, name="my_work"),
    path("portfolio/", views.portfolio, name="portfolio"),
    path("schedule/", scheduling.schedule, name="schedule"),
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
