"""A list of AI tools that a hospital kept elsewhere: what its columns and words are, and what comes of each row."""

from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from auditapp.deployments.models import Deployment
from auditapp.exchange.inventory.going import Going
from auditapp.exchange.inventory.rows import day_in
from auditapp.exchange.models import InventoryUpload
from auditapp.refusals import Refused
from auditapp.trail.models import Event
from tests.factories import Make
from tests.questionnaires.spreadsheets.files import xlsx

HEAD = "Tool,Vendor,Hospital,Owner e-mail,Purpose,Status,Version,Go-live,LLM,Reads images\n"
SCRIBE = (
    "Ward scribe,Calder Health,Royal Northshire Hospital,omar@northshire.example,Writes notes,"
    "Production,2.1,2025-03-31,yes,\n"
)
TRIAGE = "Chest triage,Marlow,royal,olga@northshire.example,Sorts films,Live,,,No,Yes\n"
WITHOUT = "Sepsis score,,Royal Northshire Hospital,omar@northshire.example,,Pilot,1,03/04/2025,,\n"


@pytest.fixture
def omar(client: Client, make: Make) -> Client:
    client.force_login(make.people["omar"])
    return client


def text_of(response: Any) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def send(client: Client, data: str | bytes, name: str = "our tools.csv") -> Any:
    content = data.encode() if isinstance(data, str) else data
    return client.post("/deployments/inventory/", {"file": SimpleUploadedFile(name, content)})


def proposed(page: Any) -> dict[str, str]:
    """What the page proposes, as its form would send it."""
    return {field.html_name: field.value() or "" for field in page.context["form"]}


def to_rows(client: Client, data: str | bytes, name: str = "our tools.csv") -> str:
    """Everything as it is proposed, up to the preview; returns its address."""
    response = send(client, data, name)
    while not response.url.endswith("rows/"):
        page = client.get(response.url)
        response = client.post(response.url, proposed(page)) if page.status_code == 200 else page
    return response.url


def test_an_inventory_becomes_deployments_step_by_step(omar: Client) -> None:
    response = send(omar, HEAD + SCRIBE + TRIAGE)
    page = omar.get(response.url)
    assert list(proposed(page).values()) == [
        "name", "vendor", "site", "owner", "intended_use", "status", "version", "running_since", "is_llm", "is_imaging",
    ]  # fmt: skip
    response = omar.post(response.url, proposed(page))
    page = omar.get(response.url)
    assert {field.label: field.value() for field in page.context["form"]} == {"Production": "live"}
    response = omar.post(response.url, proposed(page))
    page = omar.get(response.url)
    assert "2 new, 0 there already, 0 with a problem." in text_of(page)
    assert "No version is named" in text_of(page)
    assert not Deployment.objects.exists()

    omar.post(response.url, {})
    scribe, triage = Deployment.objects.get(name="Ward scribe"), Deployment.objects.get(name="Chest triage")
    assert (scribe.status, scribe.product.vendor.name, scribe.owner.name) == ("live", "Calder Health", "Omar Haddad")
    version = scribe.versions.get()
    assert (version.name, version.starts.isoformat()) == ("2.1", "2025-03-31")
    assert not triage.versions.exists()
    change = scribe.status_changes.get()
    assert (change.before, change.after, change.imported) == ("proposed", "live", True)
    assert change.reason == "Imported from “our tools.csv”, row 2."
    assert "2 there already" in text_of(omar.get(response.url))


def test_a_fact_that_the_list_does_not_tell_is_no_no(omar: Client) -> None:
    omar.post(to_rows(omar, HEAD + TRIAGE), {})
    profile = Deployment.objects.get().newest_profile
    assert (profile.facts["is_llm"], profile.facts["is_imaging"], profile.facts["handles_phi"]) == (False, True, True)
    assert "handles_phi" in profile.assumed
    assert "autonomy_level" in profile.assumed
    assert not {"is_llm", "is_imaging"} & set(profile.assumed)
    assert not profile.is_confirmed
    page = omar.get(f"/deployments/{profile.deployment.ref}/profile/")
    assert "Assumed nobody stated it; this answer asks more" in text_of(page)


def test_each_problem_stands_beside_its_cell(omar: Client) -> None:
    page = omar.get(to_rows(omar, HEAD + WITHOUT))
    text = text_of(page)
    assert "Vendor: Name the vendor." in text
    assert "Intended use: Say what the tool is meant for." in text
    assert "Runs from (“03/04/2025”): Write the day such as 2025-03-31" in text


def test_rows_with_a_problem_are_left_out_or_nothing_is_entered(omar: Client) -> None:
    address = to_rows(omar, HEAD + SCRIBE + WITHOUT)
    refused = omar.post(address, {})
    assert refused.status_code == 422
    assert "Row 3: Name the vendor." in text_of(refused)
    assert not Deployment.objects.exists()
    omar.post(address, {"leave_problems": "on"})
    assert [d.name for d in Deployment.objects.all()] == ["Ward scribe"]


def test_rows_to_mend_come_as_a_sheet_that_can_be_brought_again(omar: Client) -> None:
    address = to_rows(omar, HEAD + SCRIBE + WITHOUT)
    omar.post(address, {"leave_problems": "on"})
    sheet = omar.get(address.replace("rows/", "to-mend/")).content.decode("utf-8-sig")
    assert "Sepsis score" in sheet
    assert "Ward scribe" not in sheet
    mended = sheet.replace("Sepsis score,,", "Sepsis score,Marlow,").replace("03/04/2025", "2025-04-03")
    mended = mended.replace(",,Pilot", ",Warns early,Pilot")
    omar.post(to_rows(omar, mended, "mended.csv"), {})
    assert Deployment.objects.get(name="Sepsis score").status == "pilot"


def test_bringing_the_same_list_twice_does_no_harm(omar: Client) -> None:
    omar.post(to_rows(omar, HEAD + SCRIBE), {})
    again = to_rows(omar, HEAD + SCRIBE.replace("Ward scribe", "WARD SCRIBE"))
    assert "0 new, 1 there already" in text_of(omar.get(again))
    assert omar.post(again, {}).status_code == 422
    assert Deployment.objects.count() == 1


def test_two_tabs_enter_each_row_once(omar: Client, make: Make) -> None:
    to_rows(omar, HEAD + SCRIBE)
    upload, person = InventoryUpload.objects.get(), make.people["omar"]
    first, second = Going(upload, person).wanted([], without_problems=False), Going(upload, person)
    rows = second.wanted([], without_problems=False)
    assert len(upload.take_in(first, by=person)) == 1
    assert upload.take_in(rows, by=person) == []


def test_the_same_name_twice_in_one_list_is_a_problem(omar: Client) -> None:
    page = omar.get(to_rows(omar, HEAD + SCRIBE + SCRIBE))
    assert "The same name stands in row 2 for this hospital." in text_of(page)


def test_who_does_not_move_a_tool_brings_in_no_tool_in_use(client: Client, make: Make) -> None:
    client.force_login(make.people["asha"])
    page = client.get(to_rows(client, HEAD + SCRIBE))
    assert "Only a deployment owner or the clinical safety officer enters a tool" in text_of(page)


def test_a_hospital_where_one_keeps_no_record_is_no_choice(client: Client, make: Make) -> None:
    client.force_login(make.people["asha"])
    response = send(client, HEAD + SCRIBE.replace("Royal Northshire Hospital", "Northshire General"))
    response = client.post(response.url, proposed(client.get(response.url)))
    words = client.get(response.url).context["form"]
    assert [label for _value, label in words["word-0"].field.choices][1:] == ["Royal Northshire Hospital"]


def test_a_colleague_does_not_see_what_somebody_brought(omar: Client, make: Make) -> None:
    address = to_rows(omar, HEAD + SCRIBE)
    omar.force_login(make.people["ben"])
    assert omar.get(address).status_code == 404


def test_a_workbook_with_a_title_above_its_headings_is_read(omar: Client) -> None:
    data = xlsx(
        [
            ["AI register 2026"],
            [],
            ["Name", "Vendor", "Site", "Owner", "Description", "Stage"],
            ["Ward scribe", "Calder Health", "Royal Northshire Hospital", "Omar Haddad", "Writes notes", "Live"],
        ]
    )
    page = omar.get(to_rows(omar, data, "register.xlsx"))
    assert "1 new" in text_of(page)


def test_what_is_no_table_is_refused_beside_the_field(omar: Client) -> None:
    response = send(omar, b"%PDF-1.7 register", "register.pdf")
    assert response.status_code == 422
    assert "This is a PDF file." in text_of(response)


def test_the_trail_says_what_came_in_and_from_what(omar: Client) -> None:
    omar.post(to_rows(omar, HEAD + SCRIBE), {})
    upload = InventoryUpload.objects.get()
    verbs = list(Event.objects.filter(stream=upload.trail_stream).values_list("verb", flat=True))
    assert verbs == ["inventory.uploaded", "inventory.explained", "inventory.explained", "inventory.taken_in"]
    deployment = Deployment.objects.get()
    status = Event.objects.get(stream=deployment.trail_stream, verb="deployment.status")
    assert upload.sha256 in bytes(status.body).decode()


def test_a_status_is_brought_in_once(make: Make) -> None:
    omar, deployment = make.people["omar"], make.deployment(live=True)
    with pytest.raises(Refused, match="brought in once"):
        deployment.bring_in("retired", by=omar, reason="A list.", source="0" * 64)


def test_the_preview_asks_as_much_for_three_rows_as_for_one(omar: Client) -> None:
    counts = []
    for rows in (SCRIBE, SCRIBE + TRIAGE + SCRIBE.replace("Ward", "Clinic")):
        address = to_rows(omar, HEAD + rows)
        with CaptureQueriesContext(connection) as queries:
            omar.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-31", "2025-03-31"),
        ("31.03.2025", "2025-03-31"),
        ("31/03/2025", "2025-03-31"),
        ("3/31/2025", "2025-03-31"),
        ("4 Mar 2025", "2025-03-04"),
        ("03/04/2025", None),
        ("March", None),
        ("31/31/2025", None),
    ],
)
def test_a_day_is_read_only_where_it_is_one(text: str, day: str | None) -> None:
    found = day_in(text)
    assert (found.isoformat() if found else None) == day
