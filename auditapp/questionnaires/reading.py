"""Reads the content files exactly: no binary floats, no key given twice, errors with file and line."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from auditapp.refusals import Refused


@dataclass(frozen=True)
class Content:
    """What the content files say, as they say it; numbers with a fraction are `Fraction`s."""

    checks: dict[str, Any]
    frameworks: dict[str, Any]

    @property
    def categories(self) -> list[dict[str, Any]]:
        return [category for domain in self.checks["domains"] for category in domain["categories"]]

    @property
    def all_checks(self) -> list[dict[str, Any]]:
        return [check for category in self.categories for check in category["checks"]]


class ExactLoader(yaml.CSafeLoader):
    """YAML in which 0.2 is the fraction 1/5, and a mapping that names a key twice is an error."""

    def construct_fraction(self, node: yaml.ScalarNode) -> Fraction:
        try:
            return Fraction(str(self.construct_scalar(node)))
        except ValueError:
            problem = _("%(number)s is not a decimal number") % {"number": node.value}
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_unambiguous(self, node: yaml.MappingNode) -> Any:
        seen = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = _("the key %(key)s is given twice") % {"key": key.value}
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return self.construct_yaml_map(node)


ExactLoader.add_constructor("tag:yaml.org,2002:float", ExactLoader.construct_fraction)
ExactLoader.add_constructor("tag:yaml.org,2002:map", ExactLoader.construct_unambiguous)


def read(folder: Path) -> Content:
    """What checks.yaml and frameworks.yaml of a folder say. Raises Refused naming file and line."""
    return Content(mapping(folder / "checks.yaml"), mapping(folder / "frameworks.yaml"))


def mapping(path: Path) -> dict[str, Any]:
    """What one content file says. Raises Refused naming file and line."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), ExactLoader)
    except FileNotFoundError:
        raise Refused(_("%(file)s is missing.") % {"file": path.name}) from None
    except OSError as error:
        raise Refused(_("%(file)s cannot be opened: %(why)s") % {"file": path.name, "why": error.strerror}) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        sentence = _("%(file)s, line %(line)s: is not UTF-8. Save the file as UTF-8.")
        raise Refused(sentence % {"file": path.name, "line": line}) from error
    except yaml.YAMLError as error:
        raise Refused(_("%(file)s cannot be read: %(why)s") % {"file": path.name, "why": error}) from error
    if not isinstance(data, dict):
        raise Refused(_("%(file)s holds no mapping.") % {"file": path.name})
    return data
