"""Whatever somebody uploads is read or refused in words; nothing else ever comes of it."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditapp.questionnaires.spreadsheets import opening, tables
from auditapp.questionnaires.spreadsheets.rows import understood
from auditapp.questionnaires.spreadsheets.values import open_values
from auditapp.questionnaires.yaml_files.reading import Document
from auditapp.refusals import Refused
from tests.questionnaires.generated import KNOWN, TEXTS
from tests.questionnaires.spreadsheets.files import xlsx
from tests.questionnaires.test_yaml_files import FILE

WORKBOOK = xlsx([["No.", "Question", "Priority"], [1, "Is the ward trained?", "High"]], merged=["A3:C3"])
OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAMAGE = st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=8)
CELLS = st.one_of(
    TEXTS, st.sampled_from(["Question", "No.", "Yes", "1", "1.1", "High", "Section", "Code", "hal-01", ""])
)


def take_in(name: str, data: bytes) -> None:
    """As far as the preview, every sheet of it."""
    with suppress(Refused):
        for sheet in opening.read(name, data):
            entries = tables.found(sheet).entries
            open_values(entries, KNOWN)
            understood(entries, KNOWN, {})


@given(st.binary(max_size=400))
@OFTEN
def test_any_bytes(data: bytes) -> None:
    take_in("a.csv", data)
    with suppress(Refused):
        Document("a.yaml", data).read(KNOWN)


@given(DAMAGE)
@OFTEN
def test_any_damage_to_a_workbook(damage: list[tuple[int, int]]) -> None:
    data = bytearray(WORKBOOK)
    for place, value in damage:
        data[place] = value
    take_in("a.xlsx", bytes(data))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=8), st.sampled_from(",;\t"))
@OFTEN
def test_any_table(rows: list[list[str]], separator: str) -> None:
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    take_in("a.csv", "\n".join(quoted).encode())


@given(
    st.integers(0, len(FILE)), st.integers(0, 30), st.one_of(TEXTS, st.sampled_from(["[", "{", "- ", ": ", "\n", "!"]))
)
@OFTEN
def test_any_change_to_a_questionnaire_file(place: int, gone: int, put: str) -> None:
    with suppress(Refused):
        Document("a.yaml", (FILE[:place] + put + FILE[place + gone :]).encode()).read(KNOWN)
