"""The rules, in one table: what each looks for, where, and what does not count.

Every repetition in a pattern has an upper bound, and what stands around a match is read in a window of fixed length:
the work grows with the length of a text and with nothing else. A test holds the table to that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from auditapp.identifiers import checks, words

WINDOW = 60  # characters before and after a match that may say what it is


@dataclass(frozen=True)
class Rule:
    """One line of the table. What counts is the group "found" of the pattern, or all of it.

    It counts when `check` agrees, `unless` does not stand before it, and, where one of them is given, `before` stands
    just before it or `after` just after it.
    """

    code: str  # several lines may share it
    name: Any  # translated where it is shown, as is what it looks for
    looks_for: Any
    pattern: str
    example: str
    counter_example: str
    check: Callable[[str], bool] = bool
    before: str = ""
    after: str = ""
    unless: str = ""

    @cached_property
    def shape(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @property
    def group(self) -> str | int:
        """The group of the pattern that counts."""
        return "found" if "found" in self.shape.groupindex else 0

    def counts(self, text: str, found: re.Match[str]) -> bool:
        """Whether what the pattern found is what the rule looks for."""
        before, after = text[max(0, found.start() - WINDOW) : found.start()], text[found.end() : found.end() + WINDOW]
        if self.unless and re.search(self.unless, before, re.IGNORECASE):
            return False
        beside = (self.before and re.search(self.before, before, re.IGNORECASE)) or (
            self.after and re.match(self.after, after, re.IGNORECASE)
        )
        return bool(beside or not (self.before or self.after)) and self.check(found.group(self.group))


NUMBER_BEGINS, NUMBER_ENDS = r"(?<![0-9A-Za-z.+-])", r"(?![0-9A-Za-z-]|\.[0-9])"
UK_PHONE = r"(?:\+44[ -]?(?:\(0\) ?)?|0)[0-9]{2,4}[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}"
UK_MOBILE = r"(?:\+44[ -]?(?:\(0\) ?)?|0)7[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}"
US_PHONE = r"(?:\+?1[ -])?(?:\([0-9]{3}\) ?|[0-9]{3}[.-])[0-9]{3}[.-][0-9]{4}"

# Where two rules find the same characters, the one that stands first has them.
RULES = (
    Rule(
        code="nhs_number",
        name=_("NHS number"),
        looks_for=_("Ten digits with the right check digit, in an issued range, not named as another kind of number"),
        pattern=rf"{NUMBER_BEGINS}[0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{4}}{NUMBER_ENDS}",
        check=checks.is_nhs_number,
        unless=words.OTHER_NUMBER,
        example="Seen in the log: 999 000 0018.",
        counter_example="Seen in the log: 999 000 0019.",
    ),
    Rule(
        code="us_ssn",
        name=_("US social security number"),
        looks_for=_("Three, two and four digits with dashes, of an area and a group that are issued"),
        pattern=rf"{NUMBER_BEGINS}[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}{NUMBER_ENDS}",
        check=checks.is_ssn,
        unless=words.OTHER_NUMBER,
        example="The transcript has 219-09-9999.",
        counter_example="The transcript has 987-65-4321.",
    ),
    Rule(
        code="us_ssn",
        name=_("US social security number"),
        looks_for=_("The same digits without dashes, after SSN or “social security”"),
        pattern=rf"{NUMBER_BEGINS}[0-9]{{3}} ?[0-9]{{2}} ?[0-9]{{4}}{NUMBER_ENDS}",
        check=checks.is_ssn,
        before=r"\b(?:ssn|social(?: security)?)(?: number| no\.?)?(?: is| was)?[ :=#(]{0,3}\Z",
        example="SSN 219099999 is in the extract.",
        counter_example="The extract has 219099999 lines.",
    ),
    Rule(
        code="record_number",
        name=_("Hospital or record number"),
        looks_for=_("Five digits or more after MRN, hospital number, patient number and the like"),
        pattern=r"(?<![0-9A-Za-z.+-])[A-Za-z]{0,3}-?[0-9][0-9-]{3,12}[0-9](?![0-9A-Za-z-])",
        check=checks.is_record_number,
        before=words.RECORD,
        example="MRN 4471902 was opened.",
        counter_example="The MRN has 7 digits.",
    ),
    Rule(
        code="date_of_birth",
        name=_("Date of birth"),
        looks_for=_("A day beside born, DOB, date of birth or an age"),
        pattern=rf"(?<![0-9A-Za-z/]){words.DATE}(?![0-9])",
        check=checks.is_day,
        before=words.BIRTH_BEFORE,
        after=words.BIRTH_AFTER,
        example="DOB 03/04/1951",
        counter_example="Valid until 03/04/2027",
    ),
    Rule(
        code="email",
        name=_("E-mail address of a person"),
        looks_for=_("An address whose part before the @ names no desk, team or machine"),
        pattern=r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}",
        check=checks.is_personal_address,
        example="Written by agnes.bell@letters.example",
        counter_example="Write to info@vendor.example",
    ),
    Rule(
        code="phone",
        name=_("Telephone number of a person"),
        looks_for=_("A UK mobile number, unless a desk or a service is named before it"),
        pattern=rf"{NUMBER_BEGINS}{UK_MOBILE}{NUMBER_ENDS}",
        check=checks.is_phone_number,
        unless=words.DESK_BEFORE,
        example="Reminder sent to 07700 900142",
        counter_example="Help desk: 07700 900142",
    ),
    Rule(
        code="phone",
        name=_("Telephone number of a person"),
        looks_for=_("A UK or US number after patient, mother, caller and the like, with no desk named in between"),
        pattern=rf"{NUMBER_BEGINS}(?:{UK_PHONE}|{US_PHONE}){NUMBER_ENDS}",
        check=checks.is_phone_number,
        before=words.PERSON_BEFORE,
        example="Next of kin: 01632 960142",
        counter_example="Switchboard: 01632 960142",
    ),
    Rule(
        code="patient_name",
        name=_("Name of a patient"),
        looks_for=_("Mr, Mrs, Ms or Miss and a name, after “patient” or before what happens to patients"),
        pattern=rf"\b(?:Mrs?|Ms|Miss|Mx)\.? (?P<found>{words.NAME})",
        check=checks.is_name,
        before=words.PATIENT_BEFORE,
        after=words.HAPPENED,
        example="Mr Quill was discharged without it.",
        counter_example="Mr Quill was trained in May.",
    ),
    Rule(
        code="patient_name",
        name=_("Name of a patient"),
        looks_for=_("Two capitalised words after “patient”, unless they name a thing"),
        pattern=rf"\b{words.WORD} {words.WORD}\b(?! [A-Z])",
        check=checks.is_name,
        before=words.PATIENT_BEFORE,
        example="The summary of patient Nina Castell",
        counter_example="The Patient Safety Officer",
    ),
)

NAMES = {rule.code: rule.name for rule in RULES}
