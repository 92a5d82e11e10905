import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from auditapp.accounts import scope
from auditapp.audits.models import Audit
from tests.factories import PASSWORD, Make

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUT = Path("/tmp/shots")
OUT.mkdir(exist_ok=True)


def test_shots(live_server, make: Make):
    org = make.organisations["northshire"]
    with scope.entered(org.pk):
        dep = make.deployment(live=True, name="Ambient scribe, outpatients")
        old = make.decided(
            deployment=dep,
            mon_03=make.gap(),
            code="continue_with_conditions",
            conditions=[dict(text="x", owner="y", due=__import__("datetime").date(2030, 1, 1))],
        )
        Audit.objects.filter(pk=old.audit_id).update(state="signing")
        Audit.objects.filter(pk=old.audit_id).update(state="issued")
        audit = make.audit(deployment=dep, questionnaire="quarterly-monitoring", reason="quarterly")
        asha = make.people["asha"]
        answers = list(audit.answers.select_related("audit"))
        mon = [a for a in answers if a.category_code == "monitoring-incidents"]
        mon[0].save_revision(
            by=asha,
            base=0,
            key="a",
            verdict="met",
            note="Read the logs of October and November with the ward manager.",
            evidence_note="Dashboard, seen on the ward.",
        )
        mon[1].save_revision(by=asha, base=0, key="a", **make.gap())
        if len(mon) > 2:
            mon[2].save_revision(
                by=make.people["asha"],
                base=0,
                key="a",
                verdict="not_applicable",
                justification="There is no such thing in this deployment at all.",
            )
        for a in answers[:9]:
            a.refresh_from_db()
            if a.n == 0:
                a.save_revision(by=asha, base=0, key="b", verdict="met" if a.pk % 2 else "not_met")
        import datetime

        mon[0].refresh_from_db()
        mon[0].add_evidence(
            by=asha,
            url="https://intranet.example/report",
            title="Monitoring report, October",
            effective_date=datetime.date(2026, 10, 31),
        )
        sub = make.submitted(
            deployment=make.deployment(live=True, name="Sepsis alert, wards", kind="sepsis model"),
            mon_03=make.gap(),
            mon_02={"verdict": "met"},
            val_08=make.gap("not_met"),
        )
        make.audit(
            deployment=make.deployment(name="Chatbot", kind="patient chatbot"),
            questionnaire="predeploy-llm",
            reason="pre_deployment",
        )
        from auditapp.findings.models import HazardRating

        HazardRating.rate(
            sub.deployment,
            by=make.people["ben"],
            level=3,
            title="A dose is copied into the wrong record",
            severity="Considerable",
            likelihood="Medium",
            reason="Seen twice in October.",
        )
    pages = {
        "list": ("asha", "/audits/"),
        "opening": ("asha", f"/audits/new/?deployment={dep.ref}"),
        "audit": ("asha", f"/audits/{audit.ref}/"),
        "category": ("asha", f"/audits/{audit.ref}/categories/monitoring-incidents/"),
        "submission": ("asha", f"/audits/{audit.ref}/submission/"),
        "exclusions": ("asha", f"/audits/{audit.ref}/exclusions/"),
        "assignments": ("asha", f"/audits/{audit.ref}/assignments/"),
        "history": ("asha", f"/audits/{audit.ref}/answers/{mon[0].code}/history/"),
        "evidence": ("asha", f"/audits/{audit.ref}/answers/{mon[0].code}/evidence/"),
        "review": ("ben", f"/audits/{sub.ref}/review/"),
        "round": ("ben", f"/audits/{sub.ref}/rounds/1/"),
        "hazards": ("ben", f"/audits/{sub.ref}/hazard-ratings/"),
        "read": ("vera", f"/audits/{audit.ref}/categories/monitoring-incidents/"),
    }
    only = os.environ.get("ONLY", "").split(",") if os.environ.get("ONLY") else list(pages)
    sizes = os.environ.get("SIZES", "1280,320").split(",")
    themes = os.environ.get("THEMES", "light").split(",")
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        states = {}
        for theme in themes:
            for size in sizes:
                for name in only:
                    who, path = pages[name]
                    c = b.new_context(
                        viewport={"width": int(size), "height": 900}, color_scheme=theme, storage_state=states.get(who)
                    )
                    pg = c.new_page()
                    msgs = []
                    pg.on("console", lambda m: msgs.append(m.text) if m.type in ("error", "warning") else None)
                    pg.on("pageerror", lambda e: msgs.append(str(e)))
                    if who not in states:
                        pg.goto(live_server.url + "/sign-in/")
                        pg.fill("[name=username]", make.people[who].email)
                        pg.fill("[name=password]", PASSWORD)
                        pg.click("main button")
                        pg.wait_for_load_state()
                        states[who] = c.storage_state()
                    r = pg.goto(live_server.url + path)
                    pg.wait_for_timeout(200)
                    if r.status != 200:
                        print("!!", name, r.status, pg.inner_text("body")[:500])
                    pg.screenshot(path=str(OUT / f"{name}-{size}-{theme}.png"), full_page=True)
                    over = pg.evaluate("document.documentElement.scrollWidth-document.documentElement.clientWidth")
                    v = []
                    if os.environ.get("AXE", "1") == "1":
                        v = (
                            Axe()
                            .run(
                                pg, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
                            )
                            .response["violations"]
                        )
                    print(
                        name,
                        size,
                        theme,
                        "overflow",
                        over,
                        "console",
                        msgs,
                        "axe",
                        [(x["id"], [n["target"] for n in x["nodes"]][:4]) for x in v],
                    )
                    c.close()
        b.close()
