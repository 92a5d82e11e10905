"""The campaign of kills in its shortest form: each act once."""

from tests.campaign.kills import Campaign


def test_a_killed_web_process_or_worker_leaves_every_audit_before_or_after_the_act(campaign: Campaign) -> None:
    undisturbed, killed = campaign.world(2)
    campaign.submit(undisturbed, kill=False)
    campaign.answer_while_killed(killed)
    campaign.submit(killed)
    for ref in (undisturbed, killed):
        campaign.accept(ref)
    campaign.decide(undisturbed, kill=False)
    campaign.measure_jobs()
    campaign.lengths |= {
        "sign": campaign.lengths["decide"],
        "job sign": campaign.lengths["job render"],
    }  # about as long
    campaign.decide(killed)
    campaign.sign(undisturbed)
    campaign.work_while_killed()
    campaign.settle()
    campaign.say(campaign.summary())
