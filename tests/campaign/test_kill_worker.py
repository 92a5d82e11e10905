"""Kill the worker at random moments of printing, signing, sealing and stamping: every report ends complete, once."""

import os

import pytest

from tests.campaign.kills import Campaign

REPORTS = int(os.environ.get("CAMPAIGN_REPORTS", "17"))  # each meets three kills


def kill_at_every_step(campaign: Campaign, count: int) -> None:
    """One report goes its way undisturbed and tells how long each job takes; the others meet a kill in each."""
    (undisturbed,) = campaign.decided_by_verbs(1)
    campaign.measure_jobs()
    for _signatory in range(2):
        campaign.sign_by_verbs(undisturbed)
        campaign.measure_jobs()
    others = campaign.decided_by_verbs(count)
    campaign.work_while_killed()
    campaign.settle()
    for _signatory in range(2):
        for ref in others:
            campaign.sign_by_verbs(ref)
        campaign.work_while_killed()
        campaign.settle()
    for ref in (undisturbed, *others):
        campaign.must_be_issued(ref)
    campaign.say(campaign.summary())


def test_a_killed_worker_leaves_each_report_complete_or_not_begun(campaign: Campaign) -> None:
    kill_at_every_step(campaign, 1)


@pytest.mark.campaign
def test_fifty_kills_leave_each_report_complete_or_not_begun(campaign: Campaign) -> None:
    kill_at_every_step(campaign, REPORTS)
