"""Reads one PDF that may come from anybody. Run as a process of its own by `inspect`, never imported there.

Takes a line of JSON ({"roots", "timestamp_roots", "revocation_lists", "seconds", "megabytes"}; certificates and lists
in Base64) and the file on standard input; prints what it found as JSON. Whatever goes wrong here only ends this
process. Nothing is taken from the file’s word: all it says is about bytes that a certificate of the roots stands for.
"""

import asyncio
import base64
import codecs
import hashlib
import importlib
import io
import json
import logging
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

LARGEST_FACTS = 20 * 1024 * 1024  # bytes
FACTS_NAME = "audit-facts.json"
MOST_SIGNATURES = 60  # fields; ours have a dozen
MOST_PAGES = 2000
LONGEST_TEXT = 400  # characters of a name or a reason
WHOLE = {"ENTIRE_FILE", "ENTIRE_REVISION"}  # coverages in which a signature leaves nothing before it uncovered
PRINTED_DIGEST = re.compile(r"SHA-256((?:\s[0-9a-f]{4}){4})\s…")

# Modules and codecs that reading may ask for later, when no file can be opened any more:
AHEAD = [
    "cryptography.hazmat.backends.openssl.backend",
    "cryptography.hazmat.primitives.asymmetric.padding",
    "cryptography.x509",
    "lxml.etree",
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
    "pyhanko.sign.diff_analysis",
    "pyhanko.sign.fields",
    "pyhanko.sign.validation",
    "pyhanko_certvalidator.policy_decl",
    "pypdfium2",
]
CODECS = ["ascii", "cp1252", "idna", "latin-1", "utf-16-be", "utf-16-le", "utf-32-be"]


def main() -> None:
    """Read the order and the file from standard input, write what was found to standard output."""
    prepare()
    order = json.loads(sys.stdin.buffer.readline())
    pdf = sys.stdin.buffer.read()
    sys.stdout.write(answer(order, pdf))
    sys.stdout.flush()


def prepare() -> None:
    """Load all that is needed, while files can still be opened."""
    logging.disable(logging.CRITICAL)
    for name in AHEAD:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)


def answer(order: dict[str, Any], pdf: bytes) -> str:
    """What the file says, as JSON; this process can do little else afterwards."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        confine(order["seconds"], order["megabytes"])
        return json.dumps(runner.run(found_in(pdf, order)), default=str)


def confine(seconds: int, megabytes: int) -> None:
    """From here on: no more time and memory than this, no file or socket opened, nothing written."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    for limit, most in {
        resource.RLIMIT_CPU: seconds + int(used.ru_utime + used.ru_stime),
        resource.RLIMIT_AS: megabytes * 1024 * 1024,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(limit, (most, most))


async def found_in(pdf: bytes, order: dict[str, Any]) -> dict[str, Any]:
    return await Reading(pdf, order).found()


class Reading:
    """One file, parsed once, and what it is held against."""

    def __init__(self, pdf: bytes, order: dict[str, Any]) -> None:
        from asn1crypto.crl import CertificateList  # noqa: PLC0415 - all imports of the kind are in AHEAD
        from asn1crypto.x509 import Certificate  # noqa: PLC0415
        from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415

        self.pdf = pdf
        self.reader = PdfFileReader(io.BytesIO(pdf))
        self.roots = [Certificate.load(base64.b64decode(root)) for root in order["roots"]]
        self.timestamp_roots = [Certificate.load(base64.b64decode(root)) for root in order["timestamp_roots"]]
        self.lists = [CertificateList.load(base64.b64decode(item)) for item in order["revocation_lists"]]
        self.security_store = _security_store(self.reader.root)
        self.lists += [loaded for item in self.security_store["/CRLs"] if (loaded := _loaded_list(item))]
        self.last_revision = self.reader.xrefs.total_revisions - 1

    async def found(self) -> dict[str, Any]:
        from pyhanko.sign.fields import enumerate_sig_fields  # noqa: PLC0415

        rows: list[dict[str, Any]] = []
        embedded: list[Any] = []
        for name, value, reference in enumerate_sig_fields(self.reader):
            if value is None:
                continue
            if len(rows) + len(embedded) >= MOST_SIGNATURES:
                raise ValueError("The file has more signatures than a report can have.")
            problem = self._range_problem(value.get_object())
            if problem:
                rows.append(_nothing_about(name, problem))
                continue
            try:
                embedded.append(self._embedded(name, reference))
            except Exception:  # of many kinds; in each the container holds no signature that can be read
                rows.append(_nothing_about(name, "unreadable"))
        embedded.sort(key=lambda signature: signature.signed_revision)
        changes = self._changes(embedded)
        document_timestamps = [await self._document_timestamp(s, changes) for s in embedded if _is_timestamp(s)]
        for signature in embedded:
            if not _is_timestamp(signature):
                rows.append(await self._validated(signature, changes, document_timestamps))
        facts, times_attached = _attached(self._first_root(embedded))
        return {
            "facts": base64.b64encode(facts).decode(),
            "facts_attached": times_attached,
            "signatures": rows,
            "timestamps": document_timestamps,
            "changes": changes,
            "trailing_bytes": self._has_trailing_bytes(embedded),
            "security_store": bool(self.security_store["/Certs"] and self.security_store["/CRLs"]),
        } | self._printed(facts, embedded)

    def _first_root(self, embedded: list[Any]) -> Any:
        """The document as the first signatory saw it: what came later cannot have been meant."""
        return self.reader.get_historical_root(embedded[0].signed_revision) if embedded else self.reader.root

    def _embedded(self, name: str, reference: Any) -> Any:
        from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature  # noqa: PLC0415

        return EmbeddedPdfSignature(self.reader, reference.get_object(), name)

    def _range_problem(self, value: Any) -> str:
        """Why this signature cannot cover the file, before any cryptography; empty if it may.

        Signed are all bytes but the signature's own: from the first byte to its opening bracket, and from its closing
        bracket on. Anything else is a forgery (universal forgery, wrapping), whatever a lenient reader makes of it.
        """
        contents, covered = _get(value, "/Contents"), _get(value, "/ByteRange")
        if not isinstance(covered, list) or not covered:
            return "no_byte_range"
        if len(covered) != 4 or any(type(number).__name__ != "NumberObject" for number in covered):
            return "odd_byte_range"
        start, before, after, rest = map(int, covered)
        if start != 0 or before <= 0 or rest <= 0 or after <= before or after + rest > len(self.pdf):
            return "odd_byte_range"
        if not isinstance(contents, (bytes, str)) or len(contents) == 0 or set(contents) <= {0, "\0"}:
            return "no_contents"
        if not re.fullmatch(rb"<[0-9A-Fa-f]*>", self.pdf[before:after]):
            return "gap"
        if bytes.fromhex(self.pdf[before + 1 : after - 1].decode()) != contents:
            return "gap"
        return ""

    def _changes(self, embedded: list[Any]) -> list[dict[str, Any]]:
        """The revisions after the first signature that did more than add one signature or what proves it.

        After the first signature a report's only changes are signatures in
        the fields that were printed for them, timestamps, and the certificates and lists kept for later.
        """
        from pyhanko.sign.diff_analysis import ModificationLevel  # noqa: PLC0415
        from pyhanko.sign.fields import MDPPerm  # noqa: PLC0415

        if not embedded:
            return []
        policy, wrong = _policy(), []
        signed = Counter(signature.signed_revision for signature in embedded)
        first = self.reader.get_historical_resolver(embedded[0].signed_revision)
        touched: set[Any] = set()
        for number in range(first.revision + 1, self.last_revision + 1):
            new = self.reader.get_historical_resolver(number)
            touches = new.explicit_refs_in_revision() - {self.reader.root_ref}
            # The longest part of a comparison is to learn where the older revision uses what; one that touches nothing
            # new since the first signature can be held against that one, of which it is known.
            old = self.reader.get_historical_resolver(number - 1) if touches & touched else first
            touched |= touches
            try:
                level = policy.apply(old, new, doc_mdp=MDPPerm.FILL_FORMS).modification_level
                allowed = signed[number] == 1 or level <= ModificationLevel.LTA_UPDATES
            except Exception:  # of many kinds, and all mean that the change cannot be accounted for
                allowed = False
            if not allowed:
                wrong.append({"revision": number, "what": sorted(_what_changed(old, new))})
        return wrong

    async def _document_timestamp(self, signature: Any, changes: list[dict[str, Any]]) -> dict[str, Any]:
        from pyhanko.sign.validation import async_validate_pdf_timestamp  # noqa: PLC0415

        found = {"field": signature.field_name, "revision": signature.signed_revision}
        try:
            at = signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
            status: Any = await async_validate_pdf_timestamp(signature, self._timestamp_context(at), skip_diff=True)
        except Exception:  # as above: nothing holds
            return found | _no_timestamp() | {"changed_after": True, "keeps_proof": False}
        return (
            found
            | _timestamp_of(status)
            | {
                "intact": status.intact and status.valid and status.coverage.name in WHOLE,
                "changed_after": _changed_after(signature, changes),
                "keeps_proof": any(_security_store(self._root_at(signature))["/CRLs"]),
            }
        )

    def _root_at(self, signature: Any) -> Any:
        return self.reader.get_historical_root(signature.signed_revision)

    def _timestamp_context(self, at: datetime | None) -> Any:
        from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

        return ValidationContext(
            trust_roots=self.timestamp_roots, moment=at, allow_fetching=False, other_certs=self._kept_certificates()
        )

    def _kept_certificates(self) -> list[Any]:
        from asn1crypto.x509 import Certificate  # noqa: PLC0415

        kept = []
        for content in self.security_store["/Certs"]:
            try:
                certificate = Certificate.load(content)
                certificate.native  # noqa: B018 - parsed only when it is looked at
                kept.append(certificate)
            except (ValueError, TypeError):
                continue
        return kept

    async def _validated(
        self, signature: Any, changes: list[dict[str, Any]], document_timestamps: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Validate one signature as of its own time: what it covers, its chain, whether it was revoked."""
        from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: PLC0415
        from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

        found = _nothing_about(signature.field_name, "")
        try:
            certificate, at = signature.signer_cert, signature.self_reported_timestamp
            subject = certificate.subject.native
            found |= {
                "person": _plain(subject.get("common_name", "")),
                "organisation": _plain(subject.get("organization_name", "")),
                "role": _plain(subject.get("title", "")),
                "name": _plain(_get(signature.sig_object, "/Name", "")),
                "meaning": _plain(_get(signature.sig_object, "/Reason", "")),
                "at": at.isoformat() if at else None,
                "issuer": _plain(certificate.issuer.human_friendly),
                "serial": f"{certificate.serial_number:x}",
                "valid_from": certificate.not_valid_before.isoformat(),
                "valid_until": certificate.not_valid_after.isoformat(),
                "appearance_is_text": _draws_only_text(signature.sig_field),
                "revision": signature.signed_revision,
            }
            context = ValidationContext(trust_roots=self.roots, moment=at, allow_fetching=False)
            status: Any = await async_validate_pdf_signature(
                signature, context, self._timestamp_context(None), skip_diff=True
            )
        except Exception:  # of many kinds, and all mean that nothing holds
            return found
        stamped = status.timestamp_validity
        timestamp = _timestamp_of(stamped) if stamped else None
        times = [timestamp] if timestamp else []
        times += [t for t in document_timestamps if t["revision"] >= signature.signed_revision]
        return found | {
            "intact": status.intact and status.valid and status.coverage.name in WHOLE,
            "trusted": status.trusted,
            "covers": status.coverage.name.lower(),
            "changed_after": _changed_after(signature, changes),
            "timestamp": timestamp,
            "revocation": _revocation(certificate, self.lists, self.roots, _proven_by(times)),
        }

    def _has_trailing_bytes(self, embedded: list[Any]) -> bool:
        """Whether there are bytes after the last signature that are no revision of their own."""
        if not embedded:
            return False
        tail = self.pdf[max(int(s.byte_range[2]) + int(s.byte_range[3]) for s in embedded) :]
        later = self.last_revision - embedded[-1].signed_revision
        if later == 0:
            return bool(tail)
        ends = re.findall(rb"startxref\s+\d+\s+%%EOF", tail)
        return len(ends) != later or not re.search(rb"startxref\s+\d+\s+%%EOF\r?\n?\Z", tail)

    def _printed(self, facts: bytes, embedded: list[Any]) -> dict[str, Any]:
        """What a reader sees, as PDFium reads it: the digest on each page, and the text in each signature's box."""
        import pypdfium2  # noqa: PLC0415

        digest = hashlib.sha256(facts).hexdigest()
        short = "".join(digest[:16])
        boxes = [(s.field_name, [float(n) for n in s.sig_field["/Rect"]]) for s in embedded]
        pages = self._pages_of_fields(embedded)
        without: list[int] = []
        other: set[str] = set()
        in_full, shown = False, {}
        try:
            document = pypdfium2.PdfDocument(self.pdf)
            document.init_forms()
            count = len(document)
        except pypdfium2.PdfiumError:  # what cannot be shown has no page with the digest
            count = 0
        if count > MOST_PAGES:
            raise ValueError("The file has more pages than a report can have.")
        for number in range(count):
            page = document[number]
            layer = page.get_textpage()
            text = layer.get_text_range()
            layer.close()
            printed = {re.sub(r"\s", "", found) for found in PRINTED_DIGEST.findall(text)}
            if short not in printed:
                without.append(number + 1)
                other |= printed
            in_full = in_full or digest in re.sub(r"\s", "", text)
            here = [(name, box) for name, box in boxes if pages.get(name) == number]
            if here:
                page.flatten()  # draws the appearances into the page, as a reader does; seen when opened again
                page.close()
                page = document[number]
                layer = page.get_textpage()
                for name, (left, bottom, right, top) in here:
                    shown[name] = layer.get_text_bounded(left, bottom, right, top)[: 10 * LONGEST_TEXT]
                layer.close()
            page.close()
        return {
            "pages": count,
            "pages_without_digest": without,
            "other_digests": sorted(other)[:5],
            "digest_in_full": in_full,
            "shown": shown,
        }

    def _pages_of_fields(self, embedded: list[Any]) -> dict[str, int]:
        """On which page (from 0) the box of each signature stands; a page names its boxes itself."""
        wanted = {s.sig_field.container_ref.idnum: s.field_name for s in embedded if s.sig_field.container_ref}
        places = {}
        for number, page in enumerate(_pages(self.reader.root["/Pages"])):
            for annotation in _get(page, "/Annots", ()):
                name = wanted.get(getattr(annotation, "idnum", None))
                if name is not None:
                    places[name] = number
        return places


def _pages(node: Any, depth: int = 0) -> Iterator[Any]:
    if depth > 20:
        raise ValueError("The pages are nested too deeply.")
    for kid in _get(node, "/Kids", ()):
        page = kid.get_object()
        if "/Kids" in page:
            yield from _pages(page, depth + 1)
        else:
            yield page


def _policy() -> Any:
    """What may come after the first signature. Unlike PyHanko's own policy: no new field, no new title or date."""
    from pyhanko.sign.diff_analysis import (  # noqa: PLC0415
        CatalogModificationRule,
        DSSCompareRule,
        FormUpdatingRule,
        ModificationLevel,
        ObjectStreamRule,
        SigFieldModificationRule,
        StandardDiffPolicy,
        XrefStreamRule,
    )

    proofs = [ObjectStreamRule(), XrefStreamRule(), DSSCompareRule()]
    return StandardDiffPolicy(
        [CatalogModificationRule(), *(rule.as_qualified(ModificationLevel.LTA_UPDATES) for rule in proofs)],
        FormUpdatingRule([SigFieldModificationRule()]),
    )


def _what_changed(old: Any, new: Any) -> set[str]:
    """The kinds of things that a revision touched, for the sentence that refuses it."""
    kinds = set()
    try:
        if _attached(old.root)[0] != _attached(new.root)[0]:
            kinds.add("facts")
        if _get(old.root["/Pages"], "/Count") != _get(new.root["/Pages"], "/Count"):
            kinds.add("pages")
        for reference in new.explicit_refs_in_revision():
            kinds |= _kinds_of(reference, old, new)
    except Exception:  # the change was refused already; its kind is a courtesy
        kinds.add("content")
    return kinds or {"content"}


def _kinds_of(reference: Any, old: Any, new: Any) -> set[str]:
    item = new(reference)
    if not isinstance(item, dict):
        return set() if old.is_ref_unassignable(reference) else {"content"}
    kind, sub = _get(item, "/Type"), _get(item, "/Subtype")
    if kind == "/Page":
        before = None if old.is_ref_unassignable(reference) else old(reference)
        annotations = [len(_get(page, "/Annots", ())) for page in (before or {}, item)]
        return {"annotation"} if before and annotations[0] != annotations[1] else {"page"}
    if kind == "/Annot" or sub in ("/FreeText", "/Stamp", "/Square", "/Redact", "/Highlight", "/Ink", "/Popup"):
        return {"field"} if sub == "/Widget" else {"annotation"}
    if kind in ("/Sig", "/DocTimeStamp"):
        return {"signature"}
    if kind == "/Metadata":
        return {"metadata"}
    if (
        reference == old.reader.root_ref
        or old.is_ref_unassignable(reference)
        or kind == "/Pages"
        or "/Producer" in item
    ):
        return set()
    return {"content"}


def _changed_after(signature: Any, changes: list[dict[str, Any]]) -> bool:
    return any(change["revision"] > signature.signed_revision for change in changes)


def _is_timestamp(signature: Any) -> bool:
    return bool(_get(signature.sig_object, "/Type") == "/DocTimeStamp")


def _nothing_about(field: str, problem: str) -> dict[str, Any]:
    """A signature of which nothing is known to hold."""
    return {
        "field": _plain(field),
        "problem": problem,
        "person": "",
        "organisation": "",
        "role": "",
        "name": "",
        "meaning": "",
        "at": None,
        "issuer": "",
        "serial": "",
        "valid_from": None,
        "valid_until": None,
        "appearance_is_text": True,
        "revision": 0,
        "intact": False,
        "trusted": False,
        "covers": "unclear",
        "changed_after": False,
        "timestamp": None,
        "revocation": {"state": "unknown", "at": None, "as_of": None},
    }


def _no_timestamp() -> dict[str, Any]:
    return {"intact": False, "trusted": False, "at": None, "authority": ""}


def _timestamp_of(status: Any) -> dict[str, Any]:
    return {
        "intact": bool(status.intact and status.valid),
        "trusted": bool(status.trusted),
        "at": status.timestamp.isoformat(),
        "authority": _plain(status.signing_cert.subject.native.get("common_name", "")),
    }


def _proven_by(timestamps: list[dict[str, Any]]) -> datetime | None:
    """The earliest time at which an authority that we trust had seen the signature."""
    times = [datetime.fromisoformat(t["at"]) for t in timestamps if t["intact"] and t["trusted"]]
    return min(times, default=None)


def _revocation(certificate: Any, lists: list[Any], roots: list[Any], proven: datetime | None) -> dict[str, Any]:
    """What the revocation lists of the certificate's own authority say of it.

    A certificate that was revoked counts from the beginning, unless a trusted timestamp proves that the signature was
    there before: without one, the time of signing is the signer's own word.
    """
    state: dict[str, Any] = {"state": "unknown", "at": None, "as_of": None}
    for item in lists:
        if item.issuer != certificate.issuer or not any(_signed_by(root, item) for root in roots):
            continue
        content = item["tbs_cert_list"]
        revoked = next((e for e in content["revoked_certificates"] or () if _is_entry_of(e, certificate)), None)
        if revoked is not None:
            at = revoked["revocation_date"].native
            before = proven is not None and proven < at
            return {"state": "revoked_later" if before else "revoked", "at": at.isoformat(), "as_of": None}
        as_of = content["this_update"].native.isoformat()
        state = {"state": "good", "at": None, "as_of": max(as_of, state["as_of"] or as_of)}
    return state


def _is_entry_of(entry: Any, certificate: Any) -> bool:
    return bool(entry["user_certificate"].native == certificate.serial_number)


def _signed_by(root: Any, revocation_list: Any) -> bool:
    """Whether this authority signed the list."""
    from cryptography import x509  # noqa: PLC0415

    if root.subject != revocation_list.issuer:
        return False
    try:
        public = x509.load_der_x509_certificate(root.dump()).public_key()
        return bool(x509.load_der_x509_crl(revocation_list.dump()).is_signature_valid(public))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False


def _loaded_list(content: bytes) -> Any:
    from asn1crypto.crl import CertificateList  # noqa: PLC0415

    try:
        loaded = CertificateList.load(content)
        loaded.native  # noqa: B018 - parsed only when it is looked at
    except (ValueError, TypeError):
        return None
    return loaded


def _security_store(root: Any) -> dict[str, list[bytes]]:
    """The certificates and revocation lists that the document keeps for checking it later (/DSS)."""
    try:
        store = _get(root, "/DSS") or {}
        return {
            key: [bytes(stream.data) for stream in map(_resolved, _get(store, key) or ())]
            for key in ("/Certs", "/CRLs")
        }
    except Exception:  # proofs that cannot be read prove nothing, and do no harm
        return {"/Certs": [], "/CRLs": []}


def _get(container: Any, key: str, default: Any = None) -> Any:
    """The value itself: PyHanko's own `get` may return a reference to it."""
    try:
        return container[key]
    except KeyError:  # absent, or null
        return default


def _resolved(item: Any) -> Any:
    return item.get_object()


def _draws_only_text(field: Any) -> bool:
    """Whether a signature's box shows text alone: a picture could say anything."""
    waiting, seen = [_get(_get(field, "/AP", {}), "/N")], 0
    while waiting:
        form, seen = waiting.pop(), seen + 1
        if form is None:
            continue
        if seen > 50 or _get(form, "/Subtype") == "/Image":
            return False
        if re.search(rb"(?<![A-Za-z])(BI|sh)(?![A-Za-z])", _code(form.data)):
            return False
        drawn = _get(_get(form, "/Resources", {}), "/XObject", {})
        waiting += [drawn[name] for name in drawn]
    return True


def _code(content: bytes) -> bytes:
    """A content stream without its strings."""
    return re.sub(rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>", b"", content, flags=re.DOTALL)


def _attached(root: Any) -> tuple[bytes, int]:
    """The content of the attached facts, or nothing, and how many attachments have their name."""
    found = [specification for name, specification in _embedded_files(root) if name == FACTS_NAME]
    if not found:
        return b"", 0
    content: bytes = found[0]["/EF"]["/F"].data
    if len(content) > LARGEST_FACTS:
        raise ValueError("The attached facts are too large.")
    return content, len(found)


def _embedded_files(root: Any) -> Iterator[tuple[str, Any]]:
    """The files that the document names as its own (/AF), which PDF/A-3 asks of every attachment."""
    for specification in _get(root, "/AF", ()):
        specification = specification.get_object()
        yield str(_get(specification, "/UF", _get(specification, "/F", ""))), specification


def _plain(text: Any) -> str:
    """Words from a stranger, as one line without anything that steers a screen or a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))[:LONGEST_TEXT]


if __name__ == "__main__":
    main()
