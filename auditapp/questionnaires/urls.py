"""Addresses of what is asked."""

from django.urls import path

from auditapp.questionnaires.views import reading, writing

app_name = "questionnaires"
urlpatterns = [
    path("", reading.questionnaires, name="list"),
    # /questionnaires/checks/
    path("checks/", reading.checks, name="checks"),
    path("checks/<slug:code>/", reading.check, name="check"),
    # /questionnaires/frameworks/
    path("frameworks/", reading.frameworks, name="frameworks"),
    path("frameworks/<slug:code>/", reading.framework, name="framework"),
    # /questionnaires/new/, and the draft that it leads to
    path("new/", writing.begin, name="begin"),
    path("<slug:code>/draft/", writing.draft, name="draft"),
    path("<slug:code>/draft/about/", writing.about, name="draft_about"),
    path("<slug:code>/draft/add/", writing.add, name="draft_add"),
    path("<slug:code>/draft/library/", writing.library, name="draft_library"),
    path("<slug:code>/draft/difference/", writing.difference, name="draft_difference"),
    path("<slug:code>/draft/step/", writing.step, name="draft_step"),
    path("<slug:code>/draft/checks/<slug:check>/", writing.question, name="draft_question"),
    path("<slug:code>/draft/checks/<slug:check>/place/", writing.move, name="draft_place"),
    path("<slug:code>/draft/checks/<slug:check>/drop/", writing.drop, name="draft_drop"),
    path("<slug:code>/v<int:number>/", reading.questionnaire, name="questionnaire"),
    path(
        "<slug:code>/v<int:number>/difference/<slug:other>/v<int:other_number>/", reading.difference, name="difference"
    ),
]
