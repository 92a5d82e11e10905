"""Addresses of what is asked."""

from django.urls import path

from auditapp.questionnaires.views import exchange, reading, thresholds, writing

app_name = "questionnaires"
urlpatterns = [
    path("", reading.questionnaires, name="list"),
    # /questionnaires/checks/
    path("checks/", reading.checks, name="checks"),
    path("checks/<slug:code>/", reading.check, name="check"),
    path("checks/<slug:code>/retirement/", writing.check_retirement, name="check_retirement"),
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
    path("<slug:code>/draft/preview/", writing.preview, name="draft_preview"),
    path("<slug:code>/draft/step/", writing.step, name="draft_step"),
    path("<slug:code>/draft/checks/<slug:check>/", writing.question, name="draft_question"),
    path("<slug:code>/draft/checks/<slug:check>/place/", writing.move, name="draft_place"),
    path("<slug:code>/draft/checks/<slug:check>/drop/", writing.drop, name="draft_drop"),
    # /questionnaires/import/, and what leaves as a file
    path("import/", exchange.upload, name="import"),
    path("import/<int:pk>/columns/", exchange.columns, name="import_columns"),
    path("import/<int:pk>/values/", exchange.values, name="import_values"),
    path("import/<int:pk>/rows/", exchange.rows, name="import_rows"),
    path("import/<int:pk>/giving-up/", exchange.giving_up, name="import_giving_up"),
    # /questionnaires/thresholds/
    path("thresholds/", thresholds.thresholds, name="thresholds"),
    path("thresholds/<slug:code>/", thresholds.threshold, name="threshold"),
    # /questionnaires/<code>/v<number>/
    path("<slug:code>/v<int:number>/questionnaire.xlsx", exchange.spreadsheet, name="spreadsheet"),
    path("<slug:code>/v<int:number>/questionnaire.yaml", exchange.yaml, name="yaml"),
    path("<slug:code>/v<int:number>/", reading.questionnaire, name="questionnaire"),
    path("<slug:code>/v<int:number>/retirement/", writing.retirement, name="retirement"),
    path("<slug:code>/v<int:number>/difference/<slug:other>/v<int:to>/", reading.difference, name="difference"),
    path("<slug:code>/v<int:number>/coverage/", reading.coverage, name="coverage"),
    path("<slug:code>/v<int:number>/preview/", reading.preview, name="preview"),
]
