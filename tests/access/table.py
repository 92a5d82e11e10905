"""Who may open what: every address of the product, once. The only place where this is said; tests/access walks it.

For each role at the hospital itself (`own`) the table gives who is let through; everyone else there is told that the
role is missing (403). A category lead, who sees of an audit what is given to them, is told of the rest that it does
not exist (404, `part`). People of another hospital of the group, and of another group, do not learn that the thing
exists (404). Nobody who is not signed in gets further than the sign-in page, except where `public` says so.
"""

from dataclasses import dataclass, field

AUDITOR, LEAD, OFFICER, EXECUTIVE = "auditor", "category_lead", "clinical_safety_officer", "executive"
CHAIR, OWNER, VIEWER, ADMINISTRATOR = "governance_chair", "deployment_owner", "viewer", "administrator"
ROLES = (AUDITOR, LEAD, OFFICER, EXECUTIVE, CHAIR, OWNER, VIEWER, ADMINISTRATOR)
ALL = frozenset(ROLES)
KEEPERS = frozenset({AUDITOR, OWNER, OFFICER})
GROUP_KEEPERS = frozenset({OFFICER, CHAIR, ADMINISTRATOR})
ADMINISTRATORS = frozenset({ADMINISTRATOR})
MAKERS = frozenset({OFFICER, CHAIR, EXECUTIVE})
NOTICE_TAKERS = frozenset({AUDITOR, OFFICER, ADMINISTRATOR})
ANSWERERS = frozenset({OWNER, OFFICER})
WITHDRAWERS = frozenset({OFFICER, CHAIR, EXECUTIVE})
STEPPERS = frozenset({OFFICER, CHAIR, EXECUTIVE, OWNER})
PLANNERS = frozenset({AUDITOR, OFFICER, CHAIR, EXECUTIVE})
REPORTERS = ALL - {VIEWER}
OFFICERS = frozenset({OFFICER})
BUNDLERS = frozenset({OFFICER, CHAIR, EXECUTIVE})
AUTHORS = frozenset({OFFICER, CHAIR, ADMINISTRATOR})


@dataclass(frozen=True)
class Page:
    """One address. `about` names the thing of the world it speaks of ("" for a page of one's own or a list).

    `get` and `post` are the roles let through; None means that the method does not exist there (405).
    """

    name: str
    about: str = ""
    get: frozenset[str] | None = ALL
    post: frozenset[str] | None = None
    with_: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)  # what a POST must name to be about something
    public: bool = False
    unknown: bool = False  # a POST finds nothing there, whoever sends it
    # for a POST, and where only the same roles read it for a GET, the role must be held for the whole group
    of_the_group: bool = False
    part: bool = False  # tells of answers: who only answers what is given does not learn that this exists (404)
    mine: bool = False  # known to the person who made it alone: nobody else learns that it exists (404)
    group_wide: bool = False  # colleagues: everybody of the group may know that they exist


TABLE = [
    # Anyone, signed in or not
    Page("accounts:sign_in", post=ALL, public=True),
    Page("accounts:sign_in_again", get=None, post=ALL, public=True),
    Page("accounts:theme", get=None, post=ALL, public=True),
    Page("reports:verify", post=ALL, public=True),
    Page("reports:verify_report", with_={"public_id": "issued"}, public=True, post=ALL),
    Page("reports:schema", with_={"name": "report-1.schema.json"}, public=True),
    Page("accounts:mail_off", with_={"token": "letter"}, public=True, post=ALL),
    Page("tracking:calendar_feed", with_={"token": "calendar"}, public=True),
    Page("help", public=True),
    Page("accessibility", public=True),
    Page("healthz", public=True),
    # A supplier's own page: whoever holds a link, whoever is signed in; without one there is nothing behind it
    Page("supplier:page", post=ALL, public=True),
    Page("supplier:leaving", get=None, post=ALL, public=True),
    *[
        Page(f"supplier:{name}", get=None, post=frozenset(), public=True, with_=with_, unknown=True)
        for name, with_ in (
            ("sending", {}),
            ("reply", {"code": "mon-02"}),
            ("file", {"code": "mon-02"}),
            ("file_removal", {"code": "mon-02"}),
        )
    ],
    # One's own
    Page("accounts:sign_out", get=None, post=ALL),
    Page("accounts:person"),
    Page("accounts:device_key", get=None, post=ALL),
    Page("accounts:password", post=ALL),
    Page("accounts:notifications", post=ALL),
    Page("tracking:my_work"),
    Page("tracking:calendar", post=ALL),
    Page("tracking:calendar_end", get=None, post=ALL),
    # Lists: everyone opens them and sees their own hospitals in them
    Page("tracking:portfolio"),
    Page("tracking:board"),
    Page("tracking:board_audits"),
    Page("tracking:board_reports", post=MAKERS, of_the_group=True),
    *[Page(f"tracking:board_report{page}", "board report", part=True) for page in ("", "_pdf", "_facts")],
    Page("deployments:list"),
    Page("tracking:schedule"),
    # The first plan: read by those who read a hospital's audits as a whole, prepared by those who do or answer for them
    Page("tracking:first_plans"),
    Page("tracking:first_plan", "hospital", part=True),
    Page("tracking:first_plan_proposal", "hospital", get=PLANNERS, post=PLANNERS, part=True),
    Page("tracking:first_plan_days", "planned hospital", get=PLANNERS, post=PLANNERS, part=True),
    Page(
        "tracking:first_plan_signature",
        "planned hospital",
        get=frozenset({EXECUTIVE}),
        post=frozenset({EXECUTIVE}),
        part=True,
    ),
    Page("tracking:first_plan_file", "planned hospital", with_={"n": "1"}, part=True),
    # The rules over time: read by all, set for the group by those who speak for its clinical safety
    Page("tracking:rules"),
    Page("tracking:new_rules", get=GROUP_KEEPERS, post=GROUP_KEEPERS, of_the_group=True),
    Page("audits:list"),
    Page("findings:list"),
    # What is asked is no secret within an organisation
    Page("questionnaires:list"),
    Page("questionnaires:questionnaire", with_={"code": "containment-72h", "number": "1"}),
    Page("questionnaires:coverage", with_={"code": "containment-72h", "number": "1"}),
    Page("questionnaires:preview", with_={"code": "containment-72h", "number": "1"}),
    Page("questionnaires:checks"),
    Page("questionnaires:check", with_={"code": "hal-01"}),
    Page("tracking:check_answers", with_={"code": "hal-01"}),
    Page("questionnaires:frameworks"),
    Page("questionnaires:framework", with_={"code": "nist-ai-rmf"}),
    Page(
        "questionnaires:difference",
        with_={"code": "containment-72h", "number": "1", "other": "annual-review", "to": "1"},
    ),
    # Questionnaires that are being written, and those of ours that are published: of the whole group
    Page("questionnaires:retirement", "ours", get=AUTHORS, post=AUTHORS, with_={"number": "1"}, group_wide=True),
    Page("questionnaires:check_retirement", "own check", get=AUTHORS, post=AUTHORS, group_wide=True),
    Page("questionnaires:begin", get=AUTHORS, post=AUTHORS),
    Page("questionnaires:draft", "written", get=AUTHORS, group_wide=True),
    Page("questionnaires:draft_about", "written", get=AUTHORS, post=AUTHORS, group_wide=True),
    Page("questionnaires:draft_add", "written", get=AUTHORS, post=AUTHORS, group_wide=True),
    Page(
        "questionnaires:draft_library",
        "written",
        get=AUTHORS,
        post=AUTHORS,
        data={"question": "question"},
        group_wide=True,
    ),
    Page("questionnaires:draft_difference", "written", get=AUTHORS, group_wide=True),
    Page("questionnaires:draft_preview", "written", get=AUTHORS, group_wide=True),
    Page("questionnaires:draft_step", "written", get=None, post=AUTHORS, group_wide=True),
    Page(
        "questionnaires:draft_question",
        "written",
        get=AUTHORS,
        post=AUTHORS,
        with_={"check": "mon-02"},
        group_wide=True,
    ),
    *[
        Page(name, "written", get=None, post=AUTHORS, with_={"check": "mon-02"}, group_wide=True)
        for name in ("questionnaires:draft_place", "questionnaires:draft_drop")
    ],
    # Questionnaires that come and go as files
    Page("questionnaires:import", get=AUTHORS, post=AUTHORS),
    *[
        Page(f"questionnaires:import_{step}", "checklist", get=AUTHORS, post=AUTHORS, group_wide=True)
        for step in ("columns", "values", "rows")
    ],
    Page("questionnaires:import_giving_up", "checklist", get=None, post=AUTHORS, group_wide=True),
    Page("questionnaires:spreadsheet", with_={"code": "containment-72h", "number": "1"}),
    Page("questionnaires:yaml", with_={"code": "containment-72h", "number": "1"}),
    Page("questionnaires:thresholds"),
    Page("questionnaires:threshold", with_={"code": "threshold"}, post=GROUP_KEEPERS, of_the_group=True),
    # People: the administrator's
    Page("accounts:people", get=ADMINISTRATORS),
    Page("accounts:invitation", get=ADMINISTRATORS, post=ADMINISTRATORS),
    Page("accounts:roles", "colleague", get=ADMINISTRATORS, post=ADMINISTRATORS, group_wide=True),
    Page("accounts:deactivation", "colleague", get=None, post=ADMINISTRATORS, group_wide=True),
    # An inventory that somebody brings along
    Page("exchange:inventory", get=KEEPERS, post=KEEPERS),
    *[
        Page(f"exchange:inventory_{step}", "inventory", frozenset({OFFICER}), frozenset({OFFICER}), mine=True)
        for step in ("columns", "words", "rows")
    ],
    Page("exchange:inventory_to_mend", "inventory", get=frozenset({OFFICER}), mine=True),
    Page("exchange:inventory_giving_up", "inventory", get=None, post=frozenset({OFFICER}), mine=True),
    # A supplier's model card
    Page("exchange:cards", get=KEEPERS, post=KEEPERS),
    Page("exchange:card", "card", frozenset({OFFICER}), frozenset({OFFICER}), mine=True),
    Page("exchange:card_giving_up", "card", get=None, post=frozenset({OFFICER}), mine=True),
    Page("exchange:card_file", "card", get=frozenset({OFFICER}), mine=True),
    # Webhooks: the administrator's
    Page("exchange:webhooks", get=ADMINISTRATORS, post=ADMINISTRATORS),
    Page("exchange:webhook", "webhook", get=ADMINISTRATORS, post=ADMINISTRATORS, group_wide=True),
    *[
        Page(f"exchange:webhook_{name}", "webhook", get=None, post=ADMINISTRATORS, group_wide=True)
        for name in ("secret", "test", "pause", "resume", "removal")
    ],
    Page(
        "exchange:webhook_again",
        "webhook",
        get=None,
        post=ADMINISTRATORS,
        data={"delivery": "delivery"},
        group_wide=True,
    ),
    # Readiness bundles
    Page("exchange:bundles"),
    Page("exchange:bundle_asking", get=BUNDLERS, post=BUNDLERS),
    Page("exchange:bundle", "bundle", get=BUNDLERS, post=BUNDLERS, part=True),
    Page("exchange:bundle_try", "bundle", get=None, post=BUNDLERS, part=True),
    Page("exchange:bundle_file", "bundle", get=BUNDLERS, part=True),
    Page("exchange:release_rules", get=ADMINISTRATORS, post=ADMINISTRATORS),
    # Tools that people would like to use
    Page("tracking:proposals"),
    Page("tracking:new_proposal", get=ALL - {VIEWER}, post=ALL - {VIEWER}),
    Page("tracking:proposal", "proposal"),
    Page("tracking:proposal_declining", "proposal", get=KEEPERS, post=KEEPERS),
    Page("tracking:proposal_noted", "proposal", get=None, post=frozenset({AUDITOR})),  # who proposed it
    # Deployments
    Page("tracking:registration", get=KEEPERS, post=KEEPERS),
    Page("tracking:deployment", "deployment"),
    Page("tracking:comparison_choice", "issued", part=True),
    Page("tracking:comparison", "issued", with_={"other": "withdrawing"}, part=True),
    Page("tracking:product", "product", group_wide=True),
    Page("tracking:vendor", "vendor", group_wide=True),
    Page("tracking:notice_entry", "product", get=NOTICE_TAKERS, post=NOTICE_TAKERS, group_wide=True),
    Page("tracking:notice", "notice", group_wide=True),
    Page("tracking:acknowledgement", "notice", get=ANSWERERS, post=ANSWERERS, with_={"ref": "deployment"}),
    Page("tracking:profile", "deployment"),
    Page("tracking:new_profile", "deployment", get=KEEPERS, post=KEEPERS),
    Page("tracking:profile_confirmation", "deployment", get=None, post=KEEPERS, data={"n": "profile"}),
    Page("deployments:version", "deployment", get=KEEPERS, post=KEEPERS),
    Page("tracking:status", "deployment", get=frozenset({OWNER, OFFICER}), post=frozenset({OWNER, OFFICER})),
    Page("tracking:on_a_day", "deployment", part=True),
    Page("tracking:sign_off", "deployment", get=STEPPERS, post=STEPPERS),
    Page("tracking:status_drop", "deployment", get=None, post=STEPPERS),
    # Findings
    Page("findings:finding", "finding", part=True),
    Page("findings:choice", get=KEEPERS),
    Page("findings:entry", "deployment", get=KEEPERS, post=KEEPERS),
    *[
        Page(f"findings:{name}", "finding", get=KEEPERS, post=KEEPERS, part=True)
        for name in ("priority", "due", "owner", "closure", "reopening", "root_cause", "action")
    ],
    *[
        Page(f"findings:action_{name}", "finding", get=KEEPERS, post=KEEPERS, with_={"n": "1"}, part=True)
        for name in ("completion", "judgement")
    ],
    Page("findings:action_drop", "finding", get=OFFICERS, post=OFFICERS, with_={"n": "1"}, part=True),
    Page("findings:root_cause_release", "finding", get=None, post=OFFICERS, with_={"n": "1"}, part=True),
    Page("findings:rating", "finding", get=OFFICERS, post=OFFICERS, part=True),
    Page("findings:evidence_file", "finding", with_={"sha256": "proof"}, part=True),
    *[
        Page(f"findings:{name}", "hazard", get=OFFICERS, post=OFFICERS, part=True)
        for name in ("rating_again", "hazard_closure", "acceptance")
    ],
    # Incidents: whoever works there reports, who reads audits as a whole reads them, the officer judges
    Page("incidents:list"),
    Page("incidents:choice", get=REPORTERS),
    Page("incidents:report", "deployment", get=REPORTERS, post=REPORTERS),
    Page("incidents:incident", "incident", part=True),
    Page("incidents:review", "incident", get=OFFICERS, post=OFFICERS, part=True),
    Page("incidents:findings", "incident", get=None, post=OFFICERS, part=True),
    Page("incidents:exporting", "incident", get=OFFICERS, post=OFFICERS, part=True),
    Page("incidents:export", "incident", with_={"number": "export"}, part=True),
    Page("incidents:export_json", "incident", with_={"number": "export"}, part=True),
    # Audits
    Page("audits:opening", get=frozenset({AUDITOR}), post=frozenset({AUDITOR})),
    Page("audits:standing_answers"),
    Page("audits:standing_answer", with_={"code": "mon-02"}, post=GROUP_KEEPERS, of_the_group=True),
    Page("audits:inheritance", "draft", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page("audits:audit", "draft"),
    Page("audits:exclusions", "draft"),
    Page("audits:kept_passages", "draft"),
    Page("audits:category", "draft", with_={"code": "accountability"}),
    Page("audits:questions", "draft"),
    Page("audits:flag", "draft", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page("audits:history", "draft", with_={"code": "mon-02"}, part=True),
    Page("audits:round", "submitted", with_={"n": "1"}, part=True),
    Page("audits:answer", "draft", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page(
        "audits:approval",
        "draft",
        get=None,
        post=frozenset({AUDITOR, OFFICER, LEAD}),
        with_={"code": "mon-02"},
        part=True,
    ),
    Page("audits:taking_over", "draft", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page("audits:carry_forward", "draft", post=frozenset({AUDITOR, LEAD})),  # a category is given to the lead
    Page("audits:version", "draft", get=frozenset({AUDITOR}), post=frozenset({AUDITOR}), with_={"number": "1"}),
    Page(
        "audits:evidence",
        "draft",
        get=frozenset({AUDITOR}),
        post=frozenset({AUDITOR}),
        with_={"code": "mon-02"},
        part=True,
    ),
    Page(
        "audits:evidence_removal",
        "draft",
        get=None,
        post=frozenset({AUDITOR}),
        with_={"code": "mon-02"},
        data={"item": "item"},
        part=True,
    ),
    Page(
        "audits:evidence_choice",
        "draft",
        get=frozenset({AUDITOR}),
        post=frozenset({AUDITOR}),
        with_={"code": "mon-02"},
        part=True,
    ),
    Page("audits:uploads", "draft", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page("audits:upload", "draft", get=frozenset({AUDITOR}), with_={"code": "mon-02", "token": "upload"}, part=True),
    Page("audits:evidence_file", "draft", with_={"sha256": "evidence"}, part=True),
    Page("audits:evidence_preview", "draft", with_={"sha256": "evidence"}, part=True),
    Page("audits:assignments", "draft", get=frozenset({AUDITOR}), post=frozenset({AUDITOR})),
    Page("audits:assignment_removal", "draft", get=None, post=frozenset({AUDITOR}), data={"assignment": "assignment"}),
    Page(
        "audits:assignment",
        "draft",
        get=frozenset({AUDITOR}),
        post=frozenset({AUDITOR}),
        with_={"pk": "assignment"},
    ),
    Page(
        "audits:assignment_part",
        "draft",
        get=frozenset({AUDITOR}),
        post=frozenset({AUDITOR}),
        with_={"code": "monitoring-incidents"},
    ),
    Page("audits:changes", "draft"),
    Page("audits:presence", "draft", get=None, post=ALL),
    Page("audits:presence", "draft", get=None, post=ALL, data={"at": "question at"}, part=True),
    Page("audits:comments", "draft", post=ALL, with_={"code": "mon-02"}, part=True),
    Page("audits:comments", "draft", post=ALL, with_={"code": "acc-10"}),
    Page(
        "audits:comment_resolution",
        "draft",
        get=None,
        post=ALL,
        with_={"code": "mon-02", "pk": "comment"},
        part=True,
    ),
    Page(
        "audits:comment_printing",
        "draft",
        get=None,
        post=frozenset({AUDITOR}),  # and whoever wrote it
        with_={"code": "mon-02", "pk": "comment"},
        part=True,
    ),
    Page(
        "audits:comment_withdrawal",
        "draft",
        get=None,
        post=frozenset({AUDITOR}),
        with_={"code": "mon-02", "pk": "comment"},
        part=True,
    ),
    Page("audits:submission", "draft", get=frozenset({AUDITOR}), post=frozenset({AUDITOR})),
    Page("audits:withdrawal", "draft", get=frozenset({AUDITOR, OFFICER}), post=frozenset({AUDITOR, OFFICER})),
    Page("audits:revision", "issued", get=frozenset({AUDITOR}), post=frozenset({AUDITOR}), part=True),
    Page("audits:review", "submitted", get=frozenset({OFFICER}), post=frozenset({OFFICER}), part=True),
    Page("audits:hazard_ratings", "submitted", post=frozenset({OFFICER}), part=True),
    *[
        Page(name, "submitted", frozenset({OFFICER}), frozenset({OFFICER}), with_={"hazard": "hazard"}, part=True)
        for name in ("audits:hazard_rating", "audits:hazard_closure")
    ],
    # Two readers apart
    Page("audits:second_reading", "read apart", part=True),
    Page(
        "audits:second_reading_beginning",
        "draft",
        get=frozenset({AUDITOR, OFFICER}),
        post=frozenset({AUDITOR, OFFICER}),
    ),
    Page(
        "audits:second_reading_category",
        "read apart",
        get=frozenset({AUDITOR}),
        with_={"code": "accountability"},
        part=True,
    ),
    Page("audits:reading", "read apart", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    Page("audits:second_reading_finish", "read apart", get=None, post=frozenset({AUDITOR}), part=True),
    Page("audits:second_reading_agreed", "read", get=None, post=frozenset({AUDITOR}), part=True),
    Page("audits:settlement", "read", get=None, post=frozenset({AUDITOR}), with_={"code": "mon-02"}, part=True),
    # On paper
    Page("audits:paper", "draft"),
    Page("audits:paper_checks", "draft"),
    Page(
        "audits:paper_entry",
        "draft",
        get=frozenset({AUDITOR}),
        post=frozenset({AUDITOR}),
        with_={"code": "accountability"},
    ),
    Page(
        "audits:paper_check",
        "draft",
        get=None,
        post=frozenset({AUDITOR, OFFICER, LEAD}),
        with_={"code": "copied"},
    ),
    # What suppliers are asked
    Page("audits:supplier_requests", "draft", part=True),
    Page("audits:supplier_asking", "draft", get=frozenset({AUDITOR}), post=frozenset({AUDITOR})),
    Page("audits:supplier_request", "draft", with_={"n": "1"}, part=True),
    *[
        Page(f"audits:supplier_{name}", "draft", get=None, post=frozenset({AUDITOR}), with_={"n": "1"}, part=True)
        for name in ("link", "reminder", "extension", "revocation")
    ],
    Page(
        "audits:supplier_judgement",
        "draft",
        get=None,
        post=frozenset({AUDITOR}),
        with_={"n": "1", "code": "mon-02"},
        part=True,
    ),
    Page("audits:supplier_file", "draft", with_={"n": "1", "pk": "supplied"}, part=True),
    # Decisions, signatures, reports
    Page("reports:decision", "reviewed", get=frozenset({CHAIR}), post=frozenset({CHAIR}), part=True),
    Page("reports:report", "issued", part=True),
    Page("reports:withdrawal", "issued", get=WITHDRAWERS, post=WITHDRAWERS, part=True),
    Page("reports:withdrawal_confirmation", "withdrawing", get=WITHDRAWERS, post=WITHDRAWERS, part=True),
    Page("reports:withdrawal_end", "withdrawing", get=None, post=WITHDRAWERS, part=True),
    Page("reports:related_clauses", "issued", part=True),
    Page("reports:pdf", "issued", part=True),
    Page("reports:json", "issued", part=True),
    Page("reports:xlsx", "issued", part=True),
    Page("reports:evidence_pack", "issued", part=True),
    Page("reports:signature", "signing", get=frozenset({AUDITOR}), post=frozenset({AUDITOR}), part=True),
    Page("reports:refusal", "signing", get=frozenset({AUDITOR}), post=frozenset({AUDITOR}), part=True),
]  # fmt: skip
