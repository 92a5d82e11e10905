"""Bootstrap without the rules for classes that no page uses: `python -m tests.interface.bootstrap_cut` writes it anew.

Bootstrap whole is half of what the fill page loads. What is kept is kept word for word and in order.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CUT = ROOT / "static" / "css" / "bootstrap-cut.css"
PAGES = ["templates/**/*.html", "static/js/*.js", "auditapp/templatetags/*.py"]
CLASS = re.compile(r"\.(-?[a-z_][\w-]*)", re.I)
WORD = re.compile(r"[a-z_][\w-]*", re.I)
MARK = "/* Bootstrap, cut down to the classes in use by tests/interface/bootstrap_cut.py. */\n"


def whole() -> str:
    """Bootstrap's own file, as the package brings it."""
    import bootstrap  # noqa: PLC0415 - a package of data; nothing else of the tests needs it

    (folder,) = bootstrap.__path__
    text = (Path(folder) / "static/bootstrap/css/bootstrap.min.css").read_text()
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S).strip()


def words_of_pages() -> set[str]:
    """Every word that could be a class: too many rather than too few."""
    texts = [path.read_text() for pattern in PAGES for path in ROOT.glob(pattern)]
    return {word for text in texts for word in WORD.findall(text)}


def rules(css: str) -> Iterator[tuple[str, str]]:
    """(what stands before the brace, what stands inside) of each rule of the outermost level."""
    depth = start = opened = 0
    for place, letter in enumerate(css):
        if letter == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif letter == "}":
            depth -= 1
            if not depth:
                yield css[start:opened].strip(), css[opened + 1 : place]
                start = place + 1


def kept(css: str, used: set[str]) -> str:
    """The rules of which every class is used; of a list of selectors, those."""
    found = []
    for head, body in rules(css):
        if head.startswith(("@media", "@supports")):
            inside = kept(body, used)
            found.append(f"{head}{{{inside}}}" if inside else "")
        elif head.startswith("@"):
            found.append(f"{head}{{{body}}}" if WORD.findall(head)[-1] in used else "")
        else:
            selectors = [s for s in re.split(r",(?![^(]*\))", head) if set(CLASS.findall(s)) <= used]
            found.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    return "".join(found)


def cut() -> str:
    return MARK + kept(re.sub(r"^@charset[^;]*;", "", whole()), words_of_pages()) + "\n"


if __name__ == "__main__":
    CUT.write_text(cut())
