"""What a pattern cannot say of a number, a date or an address: the second half of a rule."""

import re
from datetime import date

from auditapp.identifiers.words import MAILBOXES, NOT_NAMES


def digits_of(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")


def is_nhs_number(text: str) -> bool:
    """Ten digits whose last is the modulus-11 check of the others, in a range that is issued or kept for tests.

    England, Wales and the Isle of Man begin with 4, 6 or 7, Northern Ireland with 32 to 39, Scotland with a day and a
    month, and numbers for tests with 9 (NHS Data Dictionary, "NHS Number").
    """
    digits = digits_of(text)
    weighted = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=False))
    if (11 - weighted % 11) % 11 != int(digits[9]) or len(set(digits)) == 1:
        return False
    day, month = int(digits[:2]), int(digits[2:4])
    return digits[0] in "4679" or 32 <= day <= 39 or (1 <= day <= 31 and 1 <= month <= 12)


def is_ssn(text: str) -> bool:
    """Area, group and serial as they are issued: not area 000, 666 or 900 and above, not group 00, not serial 0000."""
    digits = digits_of(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def is_record_number(text: str) -> bool:
    """Five digits or more: shorter ones count beds, cases and patients."""
    return len(digits_of(text)) >= 5


def is_day(text: str) -> bool:
    """A day that there is, day first or month first; one that is written with its month's name always counts."""
    numbers = [int(number) for number in re.findall(r"[0-9]{1,4}", text)]
    if len(numbers) != 3:
        return True
    year, first, second = numbers if numbers[0] > 31 else (numbers[2], numbers[0], numbers[1])
    return _exists(year, first, second) or _exists(year, second, first)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return False
    return True


def is_personal_address(text: str) -> bool:
    """An address whose part before the @ names no desk, team, machine or placeholder, and not the house itself."""
    local, _, domain = text.lower().partition("@")
    words = set(re.split(r"[^a-z]", local)) - {""}
    return bool(words) and not words & MAILBOXES and local != domain.partition(".")[0]


def is_phone_number(text: str) -> bool:
    return 10 <= len(digits_of(text)) <= 13


def is_name(text: str) -> bool:
    """No word of it is one of those that follow "patient" in the names of things."""
    return not NOT_NAMES & set(text.split())
