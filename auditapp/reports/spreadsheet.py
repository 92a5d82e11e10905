"""A report's frozen facts as a workbook, to be filtered and counted elsewhere. Pure: reads the facts alone."""

from typing import Any

from django.utils.translation import gettext as _

from auditapp.questionnaires.spreadsheets.plain import Table, written
from auditapp.reports.document import CRITICALITIES, REASONS, WORDS, person

Facts = dict[str, Any]


def workbook(facts: Facts, sha256: str) -> bytes:
    """Everything that the report says, in the order in which it says it; `sha256` is that of the facts' bytes."""
    submission = facts["submission"]
    tables = [
        _about(facts, sha256),
        _answers(submission),
        _evidence(submission),
        _beside(submission),
        _second_reading(submission),
        _findings(facts),
        _rounds(facts),
        _excluded(submission),
        _scores(facts),
        _thresholds(facts),
    ]
    return written([table for table in tables if table.rows])


def _about(facts: Facts, sha256: str) -> Table:
    submission, decision, result = facts["submission"], facts["decision"], facts["result_at_decision"]
    audit, deployment, questionnaire = submission["audit"], submission["deployment"], submission["questionnaire"]
    rows = [
        (_("Audit"), audit["ref"]),
        (_("Revision"), audit["revision"]),
        (_("Reason"), str(REASONS.get(audit["reason"], audit["reason"]))),
        (_("Triggers"), ", ".join(audit["triggers"])),
        (_("Marking"), facts["marking"]),
        (_("Organisation"), submission["organisation"]["name"]),
        (_("Hospital"), submission["site"]["name"]),
        (_("Deployment"), f"{deployment['name']} ({deployment['ref']})"),
        (_("Product"), f"{deployment['product']}, {deployment['vendor']}"),
        (_("Version"), deployment["model_version"]["name"]),
        (_("Owner"), person(deployment["owner"])),
        (_("Intended use"), deployment["intended_use"]),
        *((fact["label"], _value(fact["value"])) for fact in submission["profile"]["facts"]),
        (_("Questionnaire"), f"{questionnaire['title']} ({questionnaire['code']} {questionnaire['version']})"),
        (_("Submitted"), f"{person(submission['submitted']['by'])}, {submission['submitted']['local']}"),
        (_("Calculated result"), result["label"]),
        (_("Overall, of 100"), result["overall"]["shown"] if result["overall"] else ""),
        (_("Decision"), decision["label"]),
        (_("Meaning of the decision"), decision["meaning"]),
        (_("Reasons"), decision["reasons"]),
        (_("Decided by"), f"{person(decision['by'])}, {decision['role_label']}, {decision['local']}"),
        *((_("Condition"), f"{c['text']} ({c['owner']}, {c['due']})") for c in decision["conditions"]),
        *((_("Hazard rating"), _hazard(hazard)) for hazard in facts["hazard_ratings"]),
        *((_("Signatory"), f"{s['order']}. {s['role_label']}: {s['meaning']}") for s in facts["signatories"]),
        *((_("Supersedes"), " ".join(map(str, facts["supersedes"].values()))) for _one in [1] if facts["supersedes"]),
        (_("SHA-256 of the facts"), sha256),
        (_("Check this report at"), facts["report"]["verify_url"]),
        (_("Notice"), facts["notice"]),
    ]
    return Table(_("About"), {_("What"): 34, _("Said"): 100}, rows)


def _value(value: bool | int) -> Any:
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else value


def _hazard(hazard: Facts) -> str:
    level = _("level %(level)s") % {"level": hazard["level"]}
    parts = [hazard["title"], hazard["check"], level, hazard["severity"], hazard["likelihood"], hazard["reason"]]
    return "; ".join([*(part for part in parts if part), person(hazard["by"]), hazard["at"], hazard["state"]])


def _questions(submission: Facts) -> list[tuple[Facts, Facts]]:
    return [(category, question) for category in submission["categories"] for question in category["questions"]]


def _answers(submission: Facts) -> Table:
    columns = {
        _("Question"): 12, _("Domain"): 22, _("Category"): 22, _("Text"): 60, _("Criticality"): 11, _("Verdict"): 18,
        _("Note"): 50, _("Missing"): 40, _("Owner"): 20, _("Due"): 12, _("Control in place"): 40,
        _("Why not applicable"): 40, _("Evidence note"): 40, _("Answered by"): 26, _("At (UTC)"): 21, _("Revision"): 9,
        _("Not applicable approved by"): 26, _("Why it deviates"): 30, _("Taken over from"): 16, _("Clauses"): 26,
    }  # fmt: skip
    return Table(_("Answers"), columns, [_answer(*pair) for pair in _questions(submission)])


def _answer(category: Facts, question: Facts) -> list[Any]:
    answer = question["answer"] or {}
    state = answer.get("state", "unanswered")
    said = [answer.get(key) or "" for key in ("note", "gap", "owner", "due", "control", "justification")]
    stood = answer.get("inherited")
    return [
        question["code"],
        category["domain_title"],
        category["title"],
        question["text"],
        str(CRITICALITIES[question["criticality"]]),
        str(WORDS[state]),
        *said,
        answer.get("evidence_note", ""),
        person(answer.get("by")),
        answer.get("at", ""),
        answer.get("revision"),
        person((answer.get("approval") or {}).get("by")),
        (answer.get("deviation") or {}).get("reason", ""),
        answer.get("carried_from", "") or (_("the hospital’s answer %(n)s") % {"n": stood["number"]} if stood else ""),
        "\n".join(question["clauses"]),
    ]


def _evidence(submission: Facts) -> Table:
    keys = ("title", "kind", "url", "filename", "sha256", "size", "effective_date", "valid_until", "source")
    more = ("document", "version", "uploaded_sha256")
    columns = {
        _("Question"): 12, _("Title"): 40, _("Kind"): 8, _("Address"): 40, _("File"): 30, _("SHA-256"): 66,
        _("Bytes"): 12, _("Dated"): 12, _("Valid until"): 12, _("Source"): 10, _("What it is"): 16, _("Version"): 10,
        _("SHA-256 as sent"): 66, _("Under non-disclosure"): 12, _("Added by"): 26, _("Added at (UTC)"): 21,
    }  # fmt: skip
    rows = [
        [
            question["code"],
            *(item[key] for key in keys),
            *(item.get(key, "") for key in more),
            _("yes") if item.get("nondisclosure") else "",
            person(item["added_by"]),
            item["added_at"],
        ]
        for _category, question in _questions(submission)
        for item in question["evidence"]
    ]
    return Table(_("Evidence"), columns, rows)


def _beside(submission: Facts) -> Table:
    """Comments that were marked for the report, what suppliers were asked, and copies from paper."""
    rows: list[list[Any]] = []
    for _category, question in _questions(submission):
        code = question["code"]
        for said in question.get("comments", []):
            rows.append([code, _("Comment"), said["text"], person(said["by"]), said["at"]])
        for asked in question.get("asked_of_suppliers", []):
            came = asked["supplied"] or _("nothing by %(day)s") % {"day": asked["not_supplied_by"]}
            words = [asked.get(key, "") for key in ("evidence_wanted", "stated", "judged_because")]
            rows.append([code, _("Supplier"), "\n".join([came, *filter(None, words)]), "", asked["requested"]])
        if copied := (question["answer"] or {}).get("from_paper"):
            rows.append([code, _("From paper"), person(copied.get("checked_by")), person(copied["by"]), copied["at"]])
    columns = {_("Question"): 12, _("What"): 14, _("Said"): 80, _("By"): 26, _("At"): 21}
    return Table(_("Beside the answers"), columns, rows)


def _second_reading(submission: Facts) -> Table:
    reading = submission.get("second_reading")
    columns = {_("Question"): 12, _("Reader"): 26, _("Verdict"): 18, _("Said"): 80, _("Settled"): 16, _("Reason"): 40}
    if not reading:
        return Table(_("Second reading"), columns, [])
    found = reading["agreement"]
    words = f"{found['same']} / {found['questions']}; kappa {found['kappa'] or '–'}"
    rows: list[list[Any]] = [["", _("Agreement"), "", words, "", ""]]
    for row in reading["questions"]:
        settled = row["settled"] or {"choice": "", "reason": ""}
        for which in ("first", "second"):
            said = row[which]
            texts = [said[key] for key in ("note", "gap", "control", "justification", "evidence_note") if said[key]]
            verdict = str(WORDS[said["verdict"]])
            rows.append(
                [row["code"], person(reading[which]), verdict, "\n".join(texts), settled["choice"], settled["reason"]]
            )
    return Table(_("Second reading"), columns, rows)


def _findings(facts: Facts) -> Table:
    keys = ("ref", "check", "title", "priority", "due", "first_due", "gap", "owner", "state")
    columns = {
        _("Finding"): 12, _("Question"): 12, _("Title"): 60, _("Priority"): 9, _("Due"): 14, _("First due"): 14,
        _("Missing"): 50, _("Owner"): 24, _("State"): 10,
    }  # fmt: skip
    return Table(_("Findings"), columns, [[finding[key] for key in keys] for finding in facts["findings"]])


def _rounds(facts: Facts) -> Table:
    rows: list[list[Any]] = []
    for one in facts["rounds"]:
        n = one["round"]
        label = one["result"]["label"]
        rows.append([n, _("Submitted"), "", label, person(one["submitted_by"]), one["submitted_at"]])
        for back in one["returns"]:
            rows.append([n, _("Returned"), back["check"], back["reason"], person(back["by"]), back["at"]])
            for key, word in (("said", _("The answer then")), ("answered", _("The answer to it"))):
                if said := back.get(key):
                    keys = ("note", "gap", "control", "justification", "evidence_note")
                    texts = [str(WORDS[said["state"]]), *(said[k] for k in keys if said[k])]
                    rows.append([n, word, back["check"], "\n".join(texts), person(said["by"]), said["at"]])
        if one["review"]:
            rows.append([n, _("Accepted"), "", one["review"]["note"], person(one["review"]["by"]), one["review"]["at"]])
        if refusal := one["refusal"]:
            rows.append([n, _("Signature refused"), "", refusal["reason"], person(refusal["by"]), refusal["at"]])
    columns = {_("Round"): 8, _("What"): 18, _("Question"): 12, _("Said"): 80, _("By"): 26, _("At (UTC)"): 21}
    return Table(_("Rounds"), columns, rows)


def _excluded(submission: Facts) -> Table:
    columns = {_("Question"): 12, _("Text"): 60, _("Criticality"): 11, _("Not asked because"): 60}
    rows = [
        [row["code"], row["text"], str(CRITICALITIES[row["criticality"]]), "; ".join(row["because"])]
        for row in submission["excluded"]
    ]
    return Table(_("Not asked"), columns, rows)


def _scores(facts: Facts) -> Table:
    """Numerator and denominator as they are, so that nothing is rounded twice."""
    columns = {_("Part"): 10, _("Title"): 40, _("Applicable"): 10, _("Score, of 100"): 12, _("Of"): 10, _("Out of"): 10}
    result = facts["result_at_decision"]
    rows: list[list[Any]] = []
    for word, entries in ((_("Domain"), result["domains"]), (_("Category"), result["categories"])):
        for part in entries:
            score = part["score"] or {"shown": "", "numerator": None, "denominator": None}
            numbers = [score["shown"], score["numerator"], score["denominator"]]
            rows.append([word, part["title"], part["applicable"], *numbers])
    return Table(_("Scores"), columns, rows)


def _thresholds(facts: Facts) -> Table:
    columns = {_("Question"): 12, _("Name"): 40, _("Rule"): 10, _("Value"): 10, _("Unit"): 14, _("Adopted"): 40}
    rows = [
        [*(item[key] for key in ("check", "name", "rule", "value", "unit")), _adopted(item.get("adopted"))]
        for item in facts["thresholds"]["items"]
    ]
    return Table(_("Thresholds"), columns, rows)


def _adopted(own: Facts | None) -> str:
    return "; ".join(filter(None, [own["on"], person(own["by"]), own["default"], own["reason"]])) if own else ""
