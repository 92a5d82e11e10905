"""Addresses of what looks into several rooms: one's work, the portfolio, the page of a deployment."""

from django.urls import path

from auditapp.tracking import life_page, registration, views

app_name = "tracking"
urlpatterns = [
    path("", views.my_work, name="my_work"),
    path("portfolio/", views.portfolio, name="portfolio"),
    # /questionnaires/checks/<code>/: the check itself is the room below's
    path("questionnaires/checks/<slug:code>/answers/", views.check_answers, name="check_answers"),
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
    path("deployments/<slug:ref>/status/", life_page.status, name="status"),
    path("deployments/<slug:ref>/status/sign-off/", life_page.sign_off, name="sign_off"),
    path("deployments/<slug:ref>/status/drop/", life_page.drop, name="status_drop"),
]
