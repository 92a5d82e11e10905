"""Two years of one deployment in the time of a test: at each step every page says the right thing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browsing import People
from tests.journeys.years import Years, shown

pytestmark = pytest.mark.journey
NAME = "Visit Scribe, dermatology"


@pytest.fixture(scope="module")
def years() -> Iterator[Years]:
    """An installation that begins two years ago, with people and no history."""
    running = Years()
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def story(years: Years, browser: Browser) -> Iterator["Story"]:
    with People(browser, years, "two-years").closing() as people:
        yield Story(people, years)
        people.nothing_amiss()


@dataclass
class Story:
    """The deployment and its audits by what they were for; and what its pages say on the day reached."""

    people: People
    years: Years
    ref: str = ""
    audits: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"/deployments/{self.ref}/"

    def audit(self, name: str, questionnaire: str, reason: str, code: str, **about: Any) -> str:
        """One audit from opening to the last signature, on the day reached; returns its reference."""
        begun = {"triggers": about.get("triggers", []), "gaps": about.get("gaps", [])}
        opened = self.years.play("opened", deployment=self.ref, questionnaire=questionnaire, reason=reason, **begun)
        self.audits[name] = opened["ref"]
        self.years.play("handed_over", ref=opened["ref"])
        self.years.play("decided", ref=opened["ref"], code=code, conditions=about.get("conditions", []))
        self.years.work()
        return self.audits[name]

    def says(self, *words: str | re.Pattern[str], person: str = "omar") -> Page:
        """The sentence at the head of the deployment's page, and then the reasons below it."""
        page = self.people.visit(person, self.address)
        for each, place in zip(words, [".notice.answer", *["#why-stale"] * len(words)], strict=False):
            expect(page.locator(place)).to_contain_text(each)
        return page

    def without_valid_audit(self, *, is_listed: bool, in_use: int = 1) -> None:
        """The one question, which running versions have no valid signed audit today: on the portfolio and the board."""
        page = self.people.visit("eve", "/portfolio/?audit=none")
        expect(page.get_by_role("link", name=NAME)).to_have_count(1 if is_listed else 0)
        page = self.people.visit("eve", "/board/")
        figure = page.locator(".figures div").filter(has_text="In use without a valid audit")
        expect(figure.locator("dd")).to_have_text(f"{1 if is_listed else 0} of {in_use} in use")

    def timeline(self, *words: str) -> None:
        """What the list beside the chart tells, somewhere."""
        page = self.people.visit("vera", self.address)
        for each in words:
            expect(page.locator(".happened").first).to_contain_text(each)

    def board_report(self, day: int, **totals: int) -> int:
        """The next first of a month after a day: the worker makes the report of the month before, and it says this.

        Returns the day reached.
        """
        first = self.years.month_after(day)
        self.years.live_through(first)
        page = self.people.visit("eve", "/board/reports/")
        month = self.years.date(first - 1)
        row = page.get_by_role("row").filter(has_text=f"{month:%B %Y}").filter(has_text="Royal")
        row.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"{month:%B %Y}")
        address = page.get_by_role("link", name="Read them as JSON").get_attribute("href")
        facts = page.request.get(f"{self.years.url}{address}").json()
        assert facts["board"]["complete"]
        assert {name: facts["totals"][name] for name in totals} == totals
        return first

    def step(self, to: str, reason: str) -> None:
        """Omar proposes a step, and Ben signs it off."""
        page = self.people.visit("omar", f"{self.address}status/")
        page.get_by_label(re.compile(f"^{to}")).check()
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Change the status").click()
        expect(page.get_by_text("It is taken when a second person signs it off.")).to_be_visible()
        page = self.people.visit("ben", f"{self.address}status/sign-off/")
        page.get_by_role("button", name="Sign off this step").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"· {to}")

    def valid_on(self, day: int, *words: str) -> None:
        """What the page of a past day says."""
        page = self.people.visit("vera", f"{self.address}on/?day={self.years.date(day).isoformat()}")
        for each in words:
            expect(page.locator("main")).to_contain_text(each)

    def due(self, *words: str) -> None:
        """The schedule's first line of the deployment."""
        page = self.people.visit("asha", f"/schedule/?deployment={self.ref}")
        for each in words:
            expect(page.locator("tbody tr").first).to_contain_text(each)


def test_a_tool_lives_from_proposal_to_retirement(story: Story) -> None:
    the_hospital_sets_its_rules(story)
    nothing_goes_into_use_without_an_audit(story)
    a_pilot_under_contingencies(story)
    the_contingency_is_met_and_it_goes_live(story)
    quarters_pass(story)
    an_update_makes_the_approval_stale(story)
    an_incident_is_contained_and_audited(story)
    it_is_retired(story)
    every_past_day_still_answers(story)


def the_hospital_sets_its_rules(story: Story) -> None:
    """Day 0: the gate holds from today on, quarterly and yearly audits, no monthly ones."""
    page = story.people.visit("grace", "/rules/new/")
    page.get_by_label("No pilot and no live use without a valid decision, from").fill(story.years.date(0).isoformat())
    page.locator("#id_full_quarterly_intensive").fill("")
    page.get_by_role("button", name="See what they would change").click()
    page.get_by_role("button", name="Keep these rules").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rules over time")
    story.ref = story.years.play("registered", name=NAME)


def nothing_goes_into_use_without_an_audit(story: Story) -> None:
    """Day 3: in evaluation; the gate refuses the pilot and says what is missing."""
    story.years.live_through(3)
    page = story.people.visit("omar", f"{story.address}status/")
    page.get_by_label(re.compile("^In evaluation")).check()
    page.get_by_label("Reason").fill("The committee wants to look at it.")
    page.get_by_role("button", name="Change the status").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("· In evaluation")
    page = story.people.visit("omar", f"{story.address}status/")
    page.get_by_label(re.compile("^Pilot")).check()
    page.get_by_label("Reason").fill("Three clinics would like to begin.")
    page.get_by_role("button", name="Change the status").click()
    expect(page.get_by_text("A step into use needs a valid decision").first).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("Three clinics would like to begin.")
    story.people.look(page, "gate")
    story.says("Version 1.0 has no issued audit")
    story.without_valid_audit(is_listed=False, in_use=0)  # nobody uses it yet
    story.timeline("In evaluation", "1.0")


def a_pilot_under_contingencies(story: Story) -> None:
    """Day 10: approved with a contingency due on day 40; day 14: the pilot begins."""
    story.years.live_through(10)
    condition = {"text": "Sample notes of the night clinic.", "owner": "Omar Haddad", "days": 30}
    story.audit(
        "before", "predeploy-llm", "pre_deployment", "approve_with_contingencies", gaps=["hal-01"],
        conditions=[condition],
    )  # fmt: skip
    story.years.live_through(14)
    story.step("Pilot", "Three clinics begin under the contingency.")
    story.says(f"Version 1.0 is covered by {story.audits['before']}")
    story.without_valid_audit(is_listed=False)
    story.due("Quarterly check", shown(story.years.date(14 + 91)))
    story.timeline("Pilot", story.audits["before"])


def the_contingency_is_met_and_it_goes_live(story: Story) -> None:
    """Day 41: the contingency has expired and the approval is stale; it is met, and use goes on; day 60: live."""
    story.years.live_through(41)
    page = story.says("does not hold any more", "a condition of the decision")
    story.people.look(page, "contingency-expired")
    story.without_valid_audit(is_listed=True)
    page.get_by_role("link", name="Sample notes of the night clinic.").first.click()
    page = story.people.visit("asha", page.url.removeprefix(story.years.url))
    page.get_by_role("link", name="Close").first.click()
    page.get_by_label(re.compile("in place")).fill("Forty notes of the night clinic were read; two had gaps.")
    page.get_by_role("button", name=re.compile("Close")).click()
    story.says(f"Version 1.0 is covered by {story.audits['before']}")
    story.without_valid_audit(is_listed=False)
    story.years.live_through(60)
    story.step("Live", "The pilot went as planned.")


def quarters_pass(story: Story) -> None:
    """Day 98: a week before the quarterly check is due there are reminders; it is made; the next one is forgotten."""
    story.years.live_through(98)
    assert any("Quarterly" in letter for letter in story.years.letters("omar"))
    story.due("Quarterly check", "in 7 days")
    story.years.live_through(100)
    story.audit("first quarter", "quarterly-monitoring", "quarterly", "continue")
    story.says(f"is covered by {story.audits['first quarter']}")
    story.board_report(101, in_use=1, valid=1, without=0)
    forgotten = story.board_report(100 + 91 + 16, in_use=1, valid=0, without=1)
    story.says("does not hold any more", f"The next audit was due by {shown(story.years.date(191))}")
    story.without_valid_audit(is_listed=True)
    story.due("Quarterly check", f"{forgotten - 191} days")
    for officer in ("ben", "grace"):
        assert any("overdue" in letter.lower() for letter in story.years.letters(officer)), officer
    story.audit("second quarter", "quarterly-monitoring", "quarterly", "continue")
    story.says(f"is covered by {story.audits['second quarter']}")
    story.years.live_through(300)
    story.audit("third quarter", "quarterly-monitoring", "quarterly", "continue")
    story.years.live_through(375)
    story.audit("yearly", "annual-review", "yearly", "continue")
    story.says(f"is covered by {story.audits['yearly']}")
    story.without_valid_audit(is_listed=False)


def an_update_makes_the_approval_stale(story: Story) -> None:
    """Day 400: the supplier's version 2.0 is entered and runs; the approval of 1.0 does not hold for it."""
    story.years.live_through(400)
    page = story.people.visit("omar", f"{story.address}versions/new/")
    page.get_by_label("Version", exact=True).fill("2.0")
    page.get_by_label("Runs from").fill(story.years.date(400).isoformat())
    page.get_by_role("button", name="Enter the version").click()
    expect(page.get_by_role("row", name=re.compile(r"^2\.0"))).to_be_visible()
    story.years.work()
    story.says("Version 2.0 runs without a valid audit", "examined the version before")
    story.without_valid_audit(is_listed=True)
    expect(story.people.visit("omar", "/").locator(".tasks")).to_contain_text(NAME)
    story.years.live_through(405)
    story.audit("update", "incident-update-reaudit", "re_audit", "continue", triggers=["model_or_prompt_update"])
    story.says(f"Version 2.0 is covered by {story.audits['update']}")
    story.without_valid_audit(is_listed=False)
    story.board_report(405, in_use=1, valid=1, without=0)
    story.timeline("2.0", story.audits["yearly"], story.audits["update"])
    page = story.people.visit("grace", f"/comparison/{story.audits['yearly']}/{story.audits['update']}/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def an_incident_is_contained_and_audited(story: Story) -> None:
    """Day 450: a grave event; suspended, contained within 72 hours, audited again, and live again."""
    story.years.live_through(450)
    page = story.people.visit("asha", f"/incidents/of/{story.ref}/new/")
    story.people.look(page, "incident")
    page.get_by_label(re.compile("^Safety event")).check()
    page.get_by_label("What happened", exact=True).fill(
        "A letter named the wrong side, and the wrong side was prepared."
    )
    page.get_by_label("Day on which it happened").fill(story.years.date(449).isoformat())
    page.get_by_label(re.compile("^Severe harm")).check()
    page.get_by_role("button", name=re.compile("Report")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Incident")
    incident = page.url.removeprefix(story.years.url)
    story.years.work()
    story.says("does not hold any more", "has been followed by no audit that lets use go on")
    story.without_valid_audit(is_listed=True)
    page = story.people.visit("ben", incident)
    story.people.look(page, "incident-to-review")
    page.get_by_role("link", name="Suspend the deployment").click()
    page.get_by_role("button", name="Change the status").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("· Suspended")
    story.without_valid_audit(is_listed=False, in_use=0)
    assert any("Safety event" in letter for letter in story.years.letters("ben"))
    story.years.live_through(451)
    story.audit("contained", "containment-72h", "containment", "restrict")
    page = story.people.visit("ben", incident)
    expect(page.locator(".clock").first).to_contain_text("Submitted in time")
    story.years.live_through(465)
    story.audit(
        "after the event", "incident-update-reaudit", "re_audit", "continue", triggers=["unsafe_or_wrong_output"]
    )
    story.step("Live", "The cause is known and put right.")
    story.says(f"Version 2.0 is covered by {story.audits['after the event']}")
    story.without_valid_audit(is_listed=False)
    story.timeline("I-0001", "Suspended", story.audits["contained"], story.audits["after the event"])
    story.board_report(466, in_use=1, valid=1, without=0)


def it_is_retired(story: Story) -> None:
    """Day 700: it ends; nothing is due any more, and it counts nowhere as in use."""
    story.years.live_through(700)
    story.step("Retired", "The contract has ended.")
    story.says("This deployment is retired")
    story.without_valid_audit(is_listed=False, in_use=0)
    story.board_report(700, in_use=0, valid=0, without=0)
    page = story.people.visit("asha", f"/schedule/?deployment={story.ref}")
    expect(page.get_by_text("Nothing here is due")).to_be_visible()
    page = story.people.visit("vera", story.address)
    story.people.look(page, "retired")


def every_past_day_still_answers(story: Story) -> None:
    """Asked at the end, each day says what was valid on it."""
    story.valid_on(5, "In evaluation")
    story.valid_on(30, "Pilot", story.audits["before"])
    story.valid_on(41, story.audits["before"])  # the contingency was met on that day
    story.valid_on(195, f"The next audit was due by {shown(story.years.date(191))}")
    story.valid_on(403, "2.0", "examined the version before")
    story.valid_on(452, "Suspended")
    story.valid_on(500, "Live", story.audits["after the event"])
