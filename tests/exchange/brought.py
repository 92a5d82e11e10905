"""Lists that somebody brought along."""

from pathlib import Path

from auditapp.accounts.models import User
from auditapp.exchange.models import InventoryUpload
from auditapp.questionnaires.spreadsheets import opening

CARD = Path(__file__).resolve().parent / "model_card.xml"  # of a vendor that does not exist, written for the tests
INVENTORY = (
    b"Tool,Vendor,Hospital,Owner,Purpose,Status\n"
    b"Ward scribe,Calder Health,Royal Northshire Hospital,omar@northshire.example,Writes notes,Live\n"
)


def brought_along(by: User, data: bytes = INVENTORY, name: str = "our tools.csv") -> InventoryUpload:
    """A list whose columns are what they are taken for."""
    parsed = [sheet.as_json() for sheet in opening.read(name, data)]
    upload = InventoryUpload.keep(by=by, name=name, data=data, parsed=parsed)
    columns = {str(n): f for n, f in enumerate(["name", "vendor", "site", "owner", "intended_use", "status"])}
    upload.explain(by=by, sheet=0, header=1, columns=columns)
    return upload
