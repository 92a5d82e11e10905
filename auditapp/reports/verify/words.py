"""What verification says: the same sentences on the page, in `manage.py verify_report` and on anybody's own machine.

It never says more than is known: that a document is unchanged, not that it is right.
"""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from auditapp import clock
from auditapp.reports.verify import Inspection, SignatureFound, Timestamp
from auditapp.reports.verify.language import _

LONGEST_IN_CERTIFICATE = 64  # characters of a part of a name (RFC 5280, appendix A)


def disclaimer() -> str:
    return _(
        "Unchanged since signing does not confirm that its contents are right or that the tool is safe. "
        "The signatures are advanced at best, never qualified."
    )


def faults(inspection: Inspection) -> list[str]:
    """Every reason why the file does not hold on its own, from its bytes and the roots alone; none if it does."""
    if not inspection.readable:
        return [inspection.problem]
    found = [fault for signature in inspection.signatures for fault in _faults_of(signature)]
    if inspection.changes and any(signature.intact for signature in inspection.signatures):  # else nothing is sure
        found.append(_("What changed after signing: %(what)s.") % {"what": ", ".join(_kinds(inspection.changes))})
    found += [
        _("The timestamp “%(field)s” does not hold.") % {"field": timestamp.field}
        for timestamp in inspection.timestamps
        if not timestamp.intact or timestamp.changed_after
    ]
    if inspection.trailing_bytes:
        found.append(_("There are bytes after the end of the signed document."))
    if not inspection.signatures:
        found.append(_("It carries no signature."))
        return found
    return found + list(_faults_of_facts(inspection))


def holds(inspection: Inspection) -> bool:
    """Whether everything in the file agrees with everything else, and with the roots."""
    return not faults(inspection)


def on_its_own(inspection: Inspection) -> str:
    """The answer where there is no register to ask."""
    if not inspection.readable:
        return _("This file cannot be read as a signed report.")
    if reasons := faults(inspection):
        missing = _missing(inspection)
        if reasons == [missing]:
            return _("Not complete: all there is holds, but not everybody has signed.")
        return _("Does not hold. Do not rely on this file.")
    return _("Unchanged since it was signed, by everybody who had to sign it.")


def _faults_of(signature: SignatureFound) -> Iterator[str]:
    who = {"person": who_signed(signature), "field": signature.field}
    problems = {
        "no_byte_range": _("The signature in “%(field)s” does not say what it covers: it is forged."),
        "odd_byte_range": _("The signature in “%(field)s” does not cover the whole document: it is forged."),
        "no_contents": _("The signature in “%(field)s” is empty: it is forged."),
        "gap": _("The signature in “%(field)s” leaves room for something that it does not cover: it is forged."),
        "unreadable": _("The signature in “%(field)s” cannot be read."),
    }
    if signature.problem:
        yield problems.get(signature.problem, problems["unreadable"]) % who
        return
    if not signature.intact:
        yield _("The document was changed under the signature of %(person)s.") % who
        return
    if signature.changed_after:
        yield _("The document was changed after %(person)s signed.") % who
    if not signature.trusted:
        yield _("The certificate of %(person)s was not issued by the hospital, or was not valid then.") % who
    if signature.revocation.state == "revoked":
        yield _("The certificate of %(person)s was revoked on %(at)s.") % (
            who | {"at": _when(signature.revocation.at, "UTC")}
        )
    if not signature.appearance_is_text:
        yield _("The box of %(person)s shows a picture instead of a signature’s words.") % who
    if not signature.is_seal and signature.name[:LONGEST_IN_CERTIFICATE] != signature.person:
        yield _("The signature is by %(person)s and names %(name)s.") % (who | {"name": signature.name})


def _faults_of_facts(inspection: Inspection) -> Iterator[str]:
    """Whether the attached facts give the digest on the pages, and name those who signed."""
    facts = inspection.facts
    if facts is None:
        yield _("The facts that the report was printed from are not attached to it.")
        return
    if inspection.facts_attached != 1:
        yield _("More than one file is attached under the name of the facts.")
    if inspection.pages_without_digest or not inspection.digest_in_full:
        printed = ", ".join(_spaced(digest) for digest in inspection.other_digests)
        yield _("The attached facts do not give the digest that is printed on the pages (%(printed)s).") % {
            "printed": printed or _("none")
        }
    try:
        yield from _faults_of_signatories(inspection, facts)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        yield _("The attached facts are not those of a report.")


def _faults_of_signatories(inspection: Inspection, facts: dict[str, Any]) -> Iterator[str]:
    turns = sorted(facts["signatories"], key=lambda turn: int(turn["order"]))
    zone = str(facts["submission"]["site"]["zone"])
    people = [s for s in inspection.signatures if not s.is_seal and not s.problem]
    by_field = {s.field: s for s in people}
    expected = {turn["field"] for turn in turns}
    for signature in people:
        if signature.field not in expected:
            yield _("%(person)s signed in “%(field)s”, which the report does not ask for.") % {
                "person": who_signed(signature), "field": signature.field
            }  # fmt: skip
    for turn in turns:
        if turn["field"] in by_field:
            yield from _faults_of_turn(turn, by_field[turn["field"]], _expected_person(facts, turn["role"]), zone)
    given = [by_field[turn["field"]] for turn in turns if turn["field"] in by_field]
    times = [signature.at for signature in given if signature.at]
    if given != [s for s in people if s.field in expected] or times != sorted(times):
        yield _("The signatures were not given in the order that the report asks for.")
    if len({s.person for s in given}) != len(given):
        yield _("One person signed more than once.")
    if missing := _missing(inspection):
        yield missing


def _missing(inspection: Inspection) -> str:
    """That some have not signed, in words; empty if all have."""
    try:
        turns = (inspection.facts or {})["signatories"]
        given = {signature.field for signature in inspection.signatures}
        absent = [str(turn["role_label"]).lower() for turn in turns if turn["field"] not in given]
    except (KeyError, TypeError):
        return ""
    return _("It is not signed by: %(roles)s.") % {"roles": ", ".join(absent)} if absent else ""


def _faults_of_turn(turn: dict[str, Any], signature: SignatureFound, person: str | None, zone: str) -> Iterator[str]:
    said = {"person": who_signed(signature), "role": turn["role_label"], "meaning": turn["meaning"]}
    if signature.role != str(turn["role_label"])[:LONGEST_IN_CERTIFICATE]:
        yield _("%(person)s signed where the %(role)s must.") % said
    if signature.meaning != turn["meaning"]:
        yield _("The signature of %(person)s does not state “%(meaning)s”, as the report asks.") % said
    if person is not None and signature.person != person[:LONGEST_IN_CERTIFICATE]:
        yield _("%(person)s signed where the report names %(name)s.") % (said | {"name": person})
    if signature.at is not None:
        words = [signature.name, str(turn["role_label"]), signature.meaning, clock.local_text(signature.at, zone)]
        if not _same_letters(signature.shown, "".join(words)):
            yield _("The box of %(person)s on the page shows other words than the signature: “%(shown)s”.") % (
                said | {"shown": " ".join(signature.shown.split())[:200]}
            )


def _expected_person(facts: dict[str, Any], role: str) -> str | None:
    """Who did what this signature states, as the facts name them; None where they name nobody."""
    review = facts["rounds"][-1]["review"] if facts["rounds"] else None
    people = {"auditor": facts["submission"]["submitted"]["by"], "clinical_safety_officer": (review or {}).get("by")}
    people[facts["decision"]["role"]] = facts["decision"]["by"]
    person = people.get(role)
    return None if person is None else str(person["name"])


def _same_letters(shown: str, expected: str) -> bool:
    """Compare what print can carry: letters and digits. Scripts that run to the left, or whose letters change places
    in print, come out of a page in another order."""
    one, other = _letters(shown), _letters(expected)
    return one == other or (any(map(_is_shaped, other)) and sorted(one) == sorted(other))


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c)[0] in "LN")


def _is_shaped(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL") or "\u0900" <= character <= "\u0fff"


def _kinds(changes: list[str]) -> list[str]:
    words = {
        "annotation": _("an annotation was added or changed"),
        "content": _("something on a page or in its structure was replaced"),
        "facts": _("the attached facts were swapped"),
        "field": _("a form field or its appearance was changed"),
        "metadata": _("the document’s title or dates were changed"),
        "page": _("a page was changed"),
        "pages": _("a page was added or taken out"),
        "signature": _("a signature was added that nobody was asked for"),
    }
    return [words.get(change, words["content"]) for change in changes]


# The detail. Times are those of the hospital where we know it.


def who_signed(signature: SignatureFound) -> str:
    return signature.person or _("somebody unnamed")


def account_of(signature: SignatureFound, zone: str = "UTC") -> list[str]:
    """One signature in sentences: when, what it covers, the certificate, whether it was revoked, how it is proven."""
    if signature.problem:
        return list(_faults_of(signature))
    said = {"at": _when(signature.at, zone), "organisation": signature.organisation, "issuer": signature.issuer}
    lines = [_("Signed on %(at)s, by the signer’s own clock.") % said if signature.at else _("It names no time.")]
    lines.append(_covering(signature))
    if signature.trusted:
        lines.append(
            _("The certificate was issued by the hospital’s authority (%(issuer)s) and was valid then.") % said
        )
    else:
        lines.append(_("The certificate does not come from the hospital’s authority, or was not valid then."))
    lines.append(_revoked(signature, zone))
    lines += [about_timestamp(timestamp, zone) for timestamp in _timestamps_of(signature)]
    lines.append(_level_in_words(signature))
    return lines


def about_timestamp(timestamp: Timestamp, zone: str = "UTC") -> str:
    said = {"at": _when(timestamp.at, zone), "authority": timestamp.authority or _("unnamed")}
    if not timestamp.intact:
        return _("A timestamp on it does not hold.")
    if not timestamp.trusted:
        return _("Timestamp of %(at)s by %(authority)s, an authority that was not named as trusted here.") % said
    return _("It was there on %(at)s, as %(authority)s confirms.") % said


def level_of(signature: SignatureFound) -> str:
    """The PAdES level that one signature has reached in this file (ETSI EN 319 142-1), by what is in it."""
    if not any(timestamp.intact for timestamp in _timestamps_of(signature)):
        return "B-B"
    if not signature.keeps_proof or signature.revocation.state == "unknown":
        return "B-T"
    return "B-LTA" if any(t.intact and t.keeps_proof for t in signature.later_timestamps) else "B-LT"


def _level_in_words(signature: SignatureFound) -> str:
    words = {
        "B-B": _("Level B-B: nobody but the signer says when it was signed."),
        "B-T": _("Level B-T: an independent authority says when it was there."),
        "B-LT": _("Level B-LT: as B-T, and all that is needed to check it later is inside."),
        "B-LTA": _("Level B-LTA: as B-LT, and an archival timestamp protects that for years."),
    }
    return words[level_of(signature)]


def about_document(inspection: Inspection) -> list[str]:
    """What holds for the file as a whole: additions, the attached facts, and their digest on the pages."""
    lines = []
    if inspection.signatures and not inspection.changes and not inspection.trailing_bytes:
        lines.append(_("Nothing but signatures and their proofs was added after the first signature."))
    if inspection.facts_sha256 and not inspection.pages_without_digest and inspection.digest_in_full:
        lines.append(_("The attached facts give the digest that is printed on every page."))
    return lines


def _covering(signature: SignatureFound) -> str:
    if not signature.intact:
        return _("What it covers is not what was signed.")
    if signature.covers == "entire_file":
        return _("It covers the whole file.")
    if signature.changed_after:
        return _("It covers all that was there when it was given; what was added later is more than signing needs.")
    return _("It covers all that was there when it was given; only further signatures or proofs were added.")


def _revoked(signature: SignatureFound, zone: str) -> str:
    found = signature.revocation
    said = {"at": _when(found.at, zone), "as_of": _when(found.as_of, zone)}
    words = {
        "good": _("The certificate was not revoked, by the hospital’s list of %(as_of)s."),
        "revoked": _("The certificate was revoked on %(at)s, and nothing proves that it signed before."),
        "revoked_later": _("The certificate was revoked on %(at)s, after it had provably signed."),
    }
    return (
        words.get(found.state, _("Whether the certificate was revoked is not known: there is no list to ask.")) % said
    )


def _timestamps_of(signature: SignatureFound) -> list[Timestamp]:
    return [*([signature.timestamp] if signature.timestamp else []), *signature.later_timestamps]


def _when(instant: datetime | None, zone: str) -> str:
    return clock.local_text(instant, zone) if instant else _("an unknown day")


def _spaced(digest: str) -> str:
    return " ".join(digest[n : n + 4] for n in range(0, len(digest), 4))


def title_of(signature: SignatureFound) -> str:
    """Who signed as what, for what."""
    parts = [who_signed(signature), signature.role or (_("seal of the organisation") if signature.is_seal else "")]
    who = ", ".join(part for part in parts if part)
    return f"{who}: {signature.meaning}" if signature.meaning else who


def about_register() -> str:
    return _(
        "Whether the hospital issued it, replaced it or withdrew it since is known to its register only: "
        "ask at the address printed in the report."
    )
