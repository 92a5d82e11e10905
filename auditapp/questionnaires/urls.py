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
    # /questionnaires/<code>/v<number>/
    path("<slug:code>/v<int:number>/", views.questionnaire, name="questionnaire"),
    path("<slug:code>/v<int:number>/coverage/", views.coverage, name="coverage"),
    path("<slug:code>/v<int:number>/preview/", views.preview, name="preview"),
]
