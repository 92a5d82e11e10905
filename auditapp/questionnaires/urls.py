"""Addresses of what is asked."""

from django.urls import path

from auditapp.questionnaires import views

app_name = "questionnaires"
urlpatterns = [
    path("", views.questionnaires, name="list"),
    # /questionnaires/checks/
    path("checks/", views.checks, name="checks"),
    path("checks/<slug:code>/", views.check, name="check"),
    # /questionnaires/frameworks/
    path("frameworks/", views.frameworks, name="frameworks"),
    path("frameworks/<slug:code>/", views.framework, name="framework"),
    # /questionnaires/thresholds/
    path("thresholds/", views.thresholds, name="thresholds"),
    path("thresholds/<slug:code>/", views.threshold, name="threshold"),
    path("<slug:code>/v<int:number>/", views.questionnaire, name="questionnaire"),
]
