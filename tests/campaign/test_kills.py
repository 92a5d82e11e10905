"""The campaign of kills: ten of each, at moments drawn over the whole length of the act."""

import os

import pytest

from tests.campaign.kills import Campaign

KILLS = int(os.environ.get("CAMPAIGN_KILLS", "10"))


@pytest.mark.campaign
def test_kills_during_every_act_leave_every_audit_before_or_after_it(campaign: Campaign) -> None:
    """One audit goes its way undisturbed and tells how long each act takes; the others meet a kill at every step."""
    undisturbed, *others = campaign.world(KILLS + 1)
    campaign.submit(undisturbed, kill=False)
    for ref in others:
        campaign.answer_while_killed(ref)
        campaign.submit(ref)
    for ref in (undisturbed, *others):
        campaign.accept(ref)
    campaign.decide(undisturbed, kill=False)
    campaign.measure_jobs()
    for ref in others:
        campaign.decide(ref)
    campaign.work_while_killed()
    campaign.settle()
    for _signatory in ("auditor", "clinical safety officer"):
        campaign.sign(undisturbed, kill=False)
        campaign.measure_jobs()
    for _signatory in ("auditor", "clinical safety officer"):
        for ref in others:
            campaign.sign(ref)
        campaign.work_while_killed()
        campaign.settle()
    for ref in others:
        campaign.must_be_issued(ref)
    campaign.say(campaign.summary())
