import os
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
from datetime import date
import pytest
from django.db import transaction
from django.test import Client
from playwright.sync_api import sync_playwright
from axe_playwright_python.sync_playwright import Axe
from auditapp.findings.models import HazardRating
from auditapp.deployments import profile
from tests.factories import Make, PROFILES
from tests.tracking.issued import issued, prepared, sign_in
ARGS=['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync']

def world(make: Make):
    P = make.people
    with make.at("2025-05-06T09:00"):
        d = make.deployment(kind="ambient scribe", name="Ambient scribe, outpatient clinics", version="2.1")
        for s in ("in_evaluation", "pilot"):
            d.change_status(s, by=P["omar"], reason="Contract signed for evaluation only; installed for eight volunteer clinicians.")
    with make.at("2025-07-10T09:00"):
        issued(make, deployment=d, questionnaire="containment-72h")
    with make.at("2025-09-01T09:00"):
        d.add_version(by=P["omar"], name="2.3", starts=date(2025,9,1), note="Faster drafts. Agreed by the digital health board.")
        d.change_status("live", by=P["omar"], reason="Pilot ended with no major-harm error left after sign-off.")
    with make.at("2025-10-13T09:00"):
        issued(make, deployment=d, questionnaire="quarterly-monitoring", reason="quarterly")
    with make.at("2026-02-13T09:00"):
        issued(make, deployment=d, questionnaire="quarterly-monitoring", reason="quarterly", **{"gen_05": make.gap("partial", due=date(2026,4,1)), "sec_08": make.gap("not_met"), "int_07": make.gap("partial"), "ctx_07": make.gap("partial")}, code="continue_with_conditions", conditions=[{"text":"Sample twenty notes a week until the error rate is below the limit.","owner":"Omar Haddad","due":date(2026,5,1)}])
    with make.at("2026-03-30T09:00"):
        d.add_version(by=P["omar"], name="2.4", starts=date(2026,3,2))
    with make.at("2026-06-01T09:00"):
        issued(make, deployment=d, questionnaire="quarterly-monitoring", reason="quarterly", **{"gen_05": make.gap("partial"), "pri_08": make.gap("not_met"), "hal_07": make.gap("partial")}, code="continue_with_conditions", conditions=[{"text":"Repeat the sampling after the update.","owner":"Omar Haddad","due":date(2026,12,1)}])
    HazardRating.rate(d, by=P["ben"], level=3, title="Omitted allergy in a filed note", severity="Considerable", likelihood="Medium", reason="Seen twice in testing.", finding=d.findings.open().first())
    HazardRating.rate(d, by=P["ben"], level=2, title="Wrong laterality in a letter", severity="Significant", likelihood="Medium", reason="Seen once.")
    d.add_version(by=P["omar"], name="3.0", starts=date(2026,12,7))
    d2 = make.deployment(kind="patient chatbot", name="Patient portal chat assistant", live=True, site="royal", version="5")
    make.submitted(deployment=d2, **{"mon_02": make.gap("not_met")})
    d3 = make.deployment(kind="sepsis model", name="Early warning for sepsis, wards", live=True, site="general", version="7.2")
    d4 = make.deployment(kind="imaging triage", name="Head CT triage", confirmed=False, site="royal", version="1.4")
    d5 = make.deployment(kind="imaging triage", name="Chest X-ray triage", live=True, site="royal", version="1.4")
    issued(make, deployment=d5, code="suspend", **{"mon_03": make.gap("not_met", due=date(2026,10,1)), "acc_10": make.gap("not_met", due=date(2026,11,1))})
    d6 = make.deployment(kind="ambient scribe", name="Ambient scribe, emergency department minors", live=True, site="royal", version="2.4")
    make.audit(deployment=d6)
    prepared(make, deployment=d6, questionnaire="quarterly-monitoring", reason="quarterly")
    d7 = make.deployment(kind="LLM agent", name="Referral letters agent", live=True, site="royal", version="0.9")
    a = make.submitted(deployment=d7); a.return_questions({a.answers.first().code: "Which ward was it?"}, by=P["ben"])
    make.reviewed(deployment=d7, questionnaire="quarterly-monitoring", reason="quarterly")
    d4.newest_profile
    facts = {f.id: False for f in profile.facts()} | PROFILES["ambient scribe"] | {"multilingual_population": False}
    with make.at("2026-11-20T10:00"):
        d.fill_profile(facts, by=P["asha"])
    return d, d4

@pytest.mark.django_db(transaction=True)
def test_shots(live_server, make: Make):
    with transaction.atomic():
        make.enter_scope()
        d, d4 = world(make)
        f = d.findings.open().filter(origin="check").first()
    pages = {
        "work": ["/", ["asha","ben","omar","vera","grace"]],
        "portfolio": ["/portfolio/", ["eve","cleo"]],
        "deployments": ["/deployments/", ["asha","cleo"]],
        "deployments_none": ["/deployments/?q=xyz", ["asha"]],
        "deployment": [f"/deployments/{d.ref}/", ["asha","ben"]],
        "deployment_new": [f"/deployments/{d4.ref}/", ["asha"]],
        "registration": ["/deployments/new/", ["asha"]],
        "profile": [f"/deployments/{d.ref}/profile/", ["ben"]],
        "profile_new": [f"/deployments/{d.ref}/profile/new/", ["ben"]],
        "version": [f"/deployments/{d.ref}/versions/new/", ["asha"]],
        "status": [f"/deployments/{d.ref}/status/", ["ben"]],
        "findings": ["/findings/?state=all", ["asha"]],
        "findings_none": ["/findings/", ["cleo"]],
        "finding": [f"/findings/{f.ref}/", ["asha"]],
    }
    only = os.environ.get("SHOTS","").split()
    modes = os.environ.get("MODES","wide-light narrow-light wide-dark narrow-dark").split()
    cookies = {}
    for who in make.people:
        c = Client()
        with transaction.atomic():
            sign_in(c, make.people[who])
        cookies[who] = c.cookies["sessionid"].value
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for mode in modes:
            size, scheme = mode.split("-")
            for name, (path, people) in pages.items():
                if only and name not in only: continue
                for who in people:
                    ctx = b.new_context(viewport={"width": 1280 if size=="wide" else 320, "height": 800}, color_scheme=scheme)
                    ctx.add_cookies([{"name":"sessionid","value":cookies[who],"url":live_server.url}])
                    pg = ctx.new_page()
                    errs=[]
                    pg.on("console", lambda m: errs.append(m.text) if m.type=="error" else None)
                    r = pg.goto(live_server.url+path)
                    over = pg.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    pg.screenshot(path=f"/tmp/track/shots/{name}-{who}-{mode}.png", full_page=True)
                    ax = Axe().run(pg, options={"runOnly":["wcag2a","wcag2aa","wcag21aa","wcag22aa","best-practice"]})
                    v = [(x["id"], x["nodes"][0]["html"][:200], len(x["nodes"])) for x in ax.response["violations"]]
                    print(name, who, mode, r.status, "overflow", over, errs, v)
                    ctx.close()
        b.close()
