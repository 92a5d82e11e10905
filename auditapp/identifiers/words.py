"""The words that stand beside a number or a name and say whose it is. Used by the table of rules alone."""

MONTH = r"(?i:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}"
DATE = (
    r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th)? {MONTH},? [0-9]{{4}}|{MONTH} [0-9]{{1,2}},? [0-9]{{4}})"
)

# Just before a number: it is named as another kind of number.
OTHER_NUMBER = (
    r"\b(?:isbn|issn|doi|gtin|udi|gmdn|po|purchase order|order|invoice|contract|ticket|serial|sn|batch|lot|part"
    r"|licen[cs]e|account|cost (?:centre|center)|budget|code|ref(?:erence)?|version|build|seed|timestamp|document"
    r"|certificate|study)"
    r"(?: (?:number|no\.?|id))?[ :#(]{0,3}\Z"
)

# Just before a number: it is what a hospital knows a patient by.
RECORD = (
    r"(?:\b|_)(?:mrn|(?:hosp(?:ital|\.)?|pat(?:ient)?|medical record|health record|case ?notes?|chart|unit)"
    r"[ _]?(?:number|nos?\b\.?|nr|id(?:entifier)?|#))[ _]{0,2}(?:(?:is|was|of)\b|[:=#(])?[ _]{0,2}\Z"
)

BIRTH_BEFORE = (
    r"(?:\b|_)(?:born|d\.?o\.?b\.?|dates? of birth|birth ?da(?:te|y)|aged? [0-9]{1,3})"
    r"[ :=(,_-]{0,4}(?:(?:is|was|on|as|answer|given|recorded)\b[ :=(-]{1,3}){0,2}\Z"
)
BIRTH_AFTER = r"[ ,]{0,2}\(?(?:d\.?o\.?b\b|date of birth|birth ?date)"

# Whose telephone it is: the nearer word decides.
PERSONS = (
    r"patient|caller|mother|father|parent|wife|husband|spouse|partner|son|daughter|brother|sister|child|carer|relative"
    r"|neighbour|next of kin|nok|her|his|their|home|mobile|cell|sms|texts?|text messages?|mrs?|ms|miss"
)
DESKS = (
    r"desk|switchboard|hotline|help ?line|phone line|line|on-call|on call|duty|bleep|pager|office|secretar(?:y|ies)"
    r"|supplier(?:['’]s)?|vendor(?:['’]s)?|manufacturer(?:['’]s)?|support|wards?|clinic|reception|department|extension"
    r"|emergency number|fax|team|service|call centre"
)
PERSON_BEFORE = rf"\b(?:{PERSONS})\b(?:(?!\b(?:{DESKS})\b)[^\n]){{0,40}}\Z"
DESK_BEFORE = rf"\b(?:{DESKS})\b(?:(?!\b(?:{PERSONS})\b)[^\n]){{0,40}}\Z"

WORD = r"[A-Z](?:[’'][A-Z])?[a-zà-ÿ-]{1,20}"
NAME = rf"(?:[A-Z]\.? )?{WORD}(?: {WORD})?"
PATIENT_BEFORE = r"\bpatient(?:['’]s)?(?: name| called| named)?[:,]? \Z"
# What happens to patients and not to colleagues. "Presented the results" does not; "presented with a rash" does.
HAPPENED = (
    r"(?:['’]s? (?:scan|results?|bloods?|chart|records?|notes?|medication|allerg|diagnos|discharge|x-ray|triage|family)"
    r"|,? (?:(?:who|and|then|also|later|had|has|have|been|was|is|being) ){0,3}"
    r"(?:(?:re)?admitted|discharged|transferred|hospitali[sz]ed|presented with|collapsed|died|deteriorated|prescribed"
    r"|diagnosed|operated on|intubated|underwent|suffer|allergic|sedated|triaged"
    r"|complained of|attended (?:a&e|ed\b|the ed\b|the clinic|hospital|the emergency)|seen by (?:the|a|our) "
    r"|(?:given|received|got) (?:the |a )?(?:wrong|summary|results?|letter|dose|medic|penicillin|drug|leaflet)"
    r"|has (?:diabetes|asthma|cancer|dementia|sepsis|epilepsy|hypertension|copd)))"
)
_NOT_NAMES = (
    "Safety Information Advice Group Experience Number Administration Access Portal Representative Record Records "
    "Data Incident Learning Panel Leaflet Officer Guardian Board Committee Survey Outcome Outcomes Reported Flow "
    "Pathway Journey Care Services Service Support Forum Council Charter Rights Consent Form Identifiable "
    "Identification Level Feedback Involvement Engagement Health Master Index Summary Management System Systems "
    "List Lists Facing Choice Initiated Transport Monitoring Relations Notes Note Letter Letters The This That "
    "Report Reports"
)
NOT_NAMES = frozenset(_NOT_NAMES.split())

# Mailboxes of a desk, a team or a machine, by any word of what stands before the @.
_MAILBOXES = (
    "info contact contacts support help helpdesk servicedesk service services desk office admin administrator "
    "administration sales press media news newsletter enquiries enquiry inquiries privacy dpo dataprotection "
    "security safety psirt soc noc noreply donotreply reply no postmaster webmaster hostmaster root abuse billing "
    "accounts finance invoices orders procurement purchasing hr jobs recruitment legal compliance governance "
    "quality audit audits research ethics trials training education library team teams group unit dept department "
    "ward clinic reception radiology pharmacy pathology cardiology oncology maternity imaging digital informatics "
    "it ict ai data clinical medical nursing patient patients pals complaints feedback incidents incident reports "
    "reporting alerts alert notifications monitoring system systems service-account api bot git svn ci build devops "
    "ops operations test demo example sample user users username name first last firstname lastname someone "
    "somebody you me your email mail mailbox records secretary bookings appointments referrals board committee "
    "chair caldicott fraud freedom foi vendor supplier product products customer customers success regulatory "
    "vigilance hello welcome all staff"
)
MAILBOXES = frozenset(_MAILBOXES.split())
