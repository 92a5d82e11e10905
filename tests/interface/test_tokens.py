"""The colours: what is read reaches 4.5:1, what is looked for 3:1, by day and by night."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css"
TONES = ("good", "attention", "bad", "neutral", "info")


def colours(*files: str) -> dict[str, str]:
    """The colour tokens of the sheets, the later ones winning."""
    text = "".join((CSS / name).read_text() for name in files)
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", text))


THEMES = {"light": colours("tokens.css"), "dark": colours("tokens.css", "tokens-dark.css")}

READ = [
    *product(["ink", "muted", "accent", "accent-strong", "bad"], ["paper", "ground"]),
    *[(tone, ground) for tone in TONES for ground in (f"{tone}-soft", "paper", "ground")],
    *[("ink", f"{tone}-soft") for tone in TONES],
    ("muted", "accent-soft"),
    ("ink", "accent-soft"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad"),
    ("on-bad", "bad-strong"),
]
LOOKED_FOR = [
    *product(["line-strong", "focus", "accent"], ["paper", "ground"]),
    ("accent", "accent-soft"),
    ("focus", "accent-soft"),
    *[(tone, "accent-soft") for tone in TONES],  # the shape inside a chosen verdict
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54  # the textbook's lightest grey that passes


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), READ)
def test_text_can_be_read(theme, text, ground):
    tokens = THEMES[theme]
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "ground"), LOOKED_FOR)
def test_edges_and_focus_can_be_seen(theme, edge, ground):
    tokens = THEMES[theme]
    assert contrast(tokens[edge], tokens[ground]) >= 3


def test_the_night_replaces_every_colour_of_the_day():
    assert set(colours("tokens-dark.css")) == set(colours("tokens.css"))


@pytest.mark.parametrize("sheet", ["page.css", "parts.css", "form.css", "chart.css"])
def test_no_sheet_has_a_colour_of_its_own(sheet):
    without_shadows = re.sub(r"box-shadow:[^;]*;", "", (CSS / sheet).read_text())
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", without_shadows) == []


def test_every_token_that_is_used_exists():
    """`--tone` and `--cut` are set by classes; Bootstrap's own start with `--bs-`."""
    defined = set(re.findall(r"--([a-z0-9-]+):", "".join(p.read_text() for p in CSS.glob("*.css"))))
    sheets = ["tokens.css", "tokens-dark.css", "page.css", "parts.css", "form.css", "chart.css"]
    used = set(re.findall(r"var\(--([a-z0-9-]+)", "".join((CSS / name).read_text() for name in sheets)))
    assert {name for name in used - defined if not name.startswith("bs-")} == set()
