"""What is said to come from the review does: each phrase is a quotation of one of its abstracts."""

import pytest

from tests.questionnaires.seeded import content

# The sentences of the two abstracts (arXiv:2409.18968) that the phrases are taken from.
ABSTRACTS = {
    "v2_abstract": (
        "we explore LLM-specific safety challenges from functional and communication perspectives, "
        "addressing issues across data collection, model training, and real-world application. We then "
        "consider inherent safety problems shared by all AI systems, along with additional complications "
        "introduced by LLMs. Last, we discussed how safety issues of using AI in clinical practice and "
        "healthcare system operation would undermine trust among patient, clinicians and the public, and "
        "how to build confidence in these systems."
    ),
    "v1_abstract": (
        "reduced performance across diverse populations, inconsistent operational stability, the need "
        "for high-quality data for effective model tuning, and the risk of data breaches during model "
        "development and deployment. particularly due to issues like hallucination. including "
        "limitations in processing complex logic, challenges in aligning AI objectives with human "
        "values, the illusion of understanding, and concerns about diversity."
    ),
}


@pytest.mark.parametrize("category", content().categories, ids=lambda category: category["id"])
def test_every_phrase_is_a_quotation(category):
    assert category["review_source"]["v2_abstract"]
    for abstract, sentences in ABSTRACTS.items():
        for phrase in category["review_source"][abstract]:
            assert all(part in sentences for part in phrase.split(" ... ")), phrase


def test_six_to_twelve_questions_in_plain_words_in_each_category():
    for category in content().categories:
        assert 6 <= len(category["checks"]) <= 12
        for check in category["checks"]:
            assert check["text"].endswith("?")
            assert len(check["text"]) <= 240
            assert min(len(check["guidance"]), len(check["evidence"])) >= 15


def test_a_text_that_names_another_check_names_one_that_exists():
    known = {check["id"] for check in content().all_checks}
    for check in content().all_checks:
        words = f"{check['text']} {check['guidance']} {check['evidence']}".replace(",", " ").replace(".", " ").split()
        named = {word for word in words if len(word) == 6 and word[3] == "-" and word[4:].isdigit()}
        assert named <= known
