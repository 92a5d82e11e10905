"""Repairs to what WeasyPrint 70 is about to write: page furniture, tables, attachments, signature fields.

Each repair names the rule it serves; `make conformance` asks veraPDF whether they hold.
"""

from math import ceil, floor
from typing import Any

import pydyf

SIGNATURE_LINK = "signature-field:"  # what a box for a signature links to in the template, followed by the field's name
INLINE = {"/Span", "/NonStruct"}
HOLDS_TEXT = {
    "/P",
    "/TH",
    "/TD",
    "/LBody",
    "/Lbl",
    "/Caption",
    "/Link",
    *INLINE,
    *(f"/H{n}" for n in range(1, 7)),
}


class Repairs:
    """One finished document in pydyf's objects, on its way to a file."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self.pdf = pdf
        self.by_reference = {o.reference: o for o in pdf.objects if o.number is not None}
        self.root = self.by_reference[pdf.catalog["StructTreeRoot"]]
        self.numbers = self.by_reference[self.root["ParentTree"]]["Nums"]
        self.page_number = {reference: n for n, reference in enumerate(pdf.page_references)}
        self.pages = [self.by_reference[reference] for reference in self.page_number]

    def make(self, fields: dict[str, str]) -> None:
        """Repair everything; `fields` names each signature field and says what it is for."""
        self._list_attachments_once()
        self._give_headers_their_scope()
        self._place_fields(fields)
        document = self._element(self.root["K"][0])
        self._lift_inline(document)
        self._mark_page_furniture(document)

    def _element(self, item: Any) -> Any:
        return self.by_reference.get(item)

    def _list_attachments_once(self) -> None:
        """WeasyPrint lists each attachment twice in the catalogue's /AF."""
        if "AF" in self.pdf.catalog:
            self.pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(self.pdf.catalog["AF"]))

    def _give_headers_their_scope(self) -> None:
        """ISO 14289-1, 7.5: a header cell says whether it heads a column or a row."""
        for element in self.pdf.objects:
            if isinstance(element, dict) and element.get("S") == "/TH":
                row = self._element(element["P"])
                section = self._element(row["P"])
                attributes = element.setdefault("A", pydyf.Dictionary({"O": "/Table"}))
                attributes["Scope"] = "/Column" if section.get("S") == "/THead" else "/Row"

    def _place_fields(self, fields: dict[str, str]) -> None:
        """Turn the template's boxes into signature fields, where they stand on the page and in reading order.

        ISO 14289-1, 7.18.4: a widget is enclosed in a Form element. ISO 19005-3, 6.3.3: it has an appearance.
        """
        placed = pydyf.Array()
        for page in self.pages:
            for reference in page.get("Annots", []):
                annotation = self._element(reference)
                name = _field_name(annotation)
                if name in fields:
                    self._to_field(annotation, page, name, fields[name])
                    placed.append(reference)
        if len(placed) != len(fields):
            raise ValueError(f"The report has {len(placed)} boxes for {len(fields)} signatures.")
        form = pydyf.Dictionary({"Fields": placed, "SigFlags": 3})
        self.pdf.add_object(form)
        self.pdf.catalog["AcroForm"] = form.reference

    def _to_field(self, annotation: pydyf.Dictionary, page: pydyf.Dictionary, name: str, purpose: str) -> None:
        left, top, right, bottom = annotation["Rect"]  # whole points, so that a signature fills what was reserved
        left, top, right, bottom = ceil(left), floor(top), floor(right), ceil(bottom)
        frame = pydyf.Array([0, top - bottom, right - left, 0])  # corners in the order in which pyHanko writes them
        empty = pydyf.Stream(extra={"Type": "/XObject", "Subtype": "/Form", "BBox": frame})
        self.pdf.add_object(empty)
        for key in ("A", "BS"):
            annotation.pop(key, None)
        annotation.update(
            {
                "Subtype": "/Widget",
                "FT": "/Sig",
                "T": pydyf.String(name),
                "TU": pydyf.String(purpose),
                "Contents": pydyf.String(purpose),
                "Rect": pydyf.Array([left, bottom, right, top]),
                "F": 132,  # printed and locked
                "P": page.reference,
                "AP": pydyf.Dictionary({"N": empty.reference}),
            }
        )
        element = self._element(self.numbers[2 * self._place(annotation["StructParent"]) + 1])
        element["S"] = "/Form"
        (element["K"],) = element["K"]  # no list of one: pyHanko knows a field by that

    def _place(self, key: int) -> int:
        return self.numbers[::2].index(key)

    def _lift_inline(self, element: Any) -> None:
        """Let text belong to its paragraph itself instead of to a Span or NonStruct inside it.

        Halves the objects of the file, and with them the time a full check of its signatures takes.
        """
        if element["S"] == "/Form":
            return
        kids = pydyf.Array()
        for item in element["K"]:
            kid = self._element(item)
            if kid is None or kid.get("Type") != "/StructElem":
                kids.append(item)
                continue
            self._lift_inline(kid)
            if kid["S"] not in INLINE or kid["Pg"] != element.get("Pg") or element["S"] not in HOLDS_TEXT:
                kids.append(item)
                continue
            for grandchild in kid["K"]:
                self._adopt(element, grandchild)
            kids.extend(kid["K"])
            kid["K"] = pydyf.Array()
        element["K"] = kids

    def _adopt(self, parent: Any, item: Any) -> None:
        if isinstance(item, int):
            self.numbers[2 * self.page_number[parent["Pg"]] + 1][item] = parent.reference
        elif (kid := self._element(item)) is not None and kid.get("Type") == "/StructElem":
            kid["P"] = parent.reference

    def _mark_page_furniture(self, document: Any) -> None:
        """ISO 14289-1, 7.8: headers and footers are artifacts. WeasyPrint tags them, outside the tree."""
        reached = {element.reference for element in self._below(document)}
        for number, page in enumerate(self.pages):
            marks = self.numbers[2 * number + 1]
            furniture = {mark for mark, reference in enumerate(marks) if reference not in reached}
            for mark in furniture:
                marks[mark] = "null"
            content = self._element(page["Contents"]).stream
            for at, operand in enumerate(content):
                if isinstance(operand, dict) and operand.get("MCID") in furniture:
                    content[at - 1], content[at] = "/Artifact", pydyf.Dictionary({"Type": "/Pagination"})

    def _below(self, element: Any) -> list[Any]:
        found, waiting = [], [element]
        while waiting:
            found.append(element := waiting.pop())
            kids = () if element["S"] == "/Form" else (self._element(item) for item in element["K"])
            waiting.extend(k for k in kids if k is not None and k.get("Type") == "/StructElem")
        return found


def _field_name(annotation: pydyf.Dictionary) -> str:
    """The name of the signature field that a link stands for, or nothing."""
    action = annotation.get("A")
    target = action["URI"].string if action and action.get("S") == "/URI" else ""
    return target.removeprefix(SIGNATURE_LINK) if target.startswith(SIGNATURE_LINK) else ""
