"""What in a free text names or reaches a person, as patterns of its form.

Patterns know forms, not people. Rather too much is taken than too little: a number
that could be somebody's is taken for theirs. What may be long begins where nothing like
it stands before, so that the time grows with a text's length and not with its square.
"""

from __future__ import annotations

import re

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
YEAR = r"(?:19|20)\d{2}"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
NTH = r"\d{1,2}(?:st|nd|rd|th)"
NOT_A_MONTH = r"(?!may\b|mar\b|march\b)"
"""Words that are months too: *2 may be enough* holds no date."""
SEPARATORS = r"[\s().\-\u2010-\u2015]"
HOST = r"(?<![\w-])(?<![\w-]\.)(?:[\w-]+\.)+"
DOMAIN = r"(?:com|org|net|info|uk|eu|io|co|gov|edu|ie|app|scot|wales|cymru)"

FORMS = {
    "e-mail": r"(?<!\S)\S+@\S+|(?<![\w.+-])\w[\w.+-]*\s*@\s*\w[\w-]*\s*\.\s*\w+"
    r"|(?<!\S)\S+\s*[(\[]\s*at\s*[)\]]\s*\S+(?:\s*[(\[]\s*dot\s*[)\]]\s*\S+)*"
    r"|(?<![\w.+-])\w[\w.+-]*\s+at\s+\w[\w-]*(?:\s+dot\s+\w+)+",
    "link": r"\b(?:https?|ftp)://\S+|\bwww\.\S+"
    rf"|{HOST}{DOMAIN}\b(?:/\S*)?|{HOST}[a-z]{{2,}}/\S+"
    r"|(?<![\w@])@\w{2,}",
    "IP address": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)"
    r"|(?<![\w:])[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){2,6}[0-9a-f]{0,4}(?![\w:])",
    "coordinates": r"(?<![\w.])[ns]?\s?[-+\u2212]?\d{1,2}\.\d{3,}\s?\u00b0?\s?"
    r"[ns]?[,;\s]\s*[ew]?\s?[-+\u2212]?\d{1,3}\.\d{3,}(?:\s?\u00b0)?(?:\s?[ew]\b)?"
    r"|\d{1,3}\s?\u00b0\s?\d{1,2}\s?['\u2019\u2032](?:\s?[\d.]+\s?[\"\u201d\u2033])?"
    r"\s?(?:[nsew]\b)?|///\w+\.\w+\.\w+",
    "phone": rf"(?<!\d)(?:(?:\+|00){SEPARATORS}*44{SEPARATORS}*(?:\(?0\)?)?|\(?0)"
    rf"(?:{SEPARATORS}*\d){{9,10}}(?!\d)(?:\s*(?:ext(?:ension)?|x)\.?\s*\d{{1,6}}\b)?"
    rf"|(?<!\d)44{SEPARATORS}*(?:\(0\))?(?:{SEPARATORS}*\d){{10}}(?!\d)"
    rf"|(?:\+|(?<!\d)00){SEPARATORS}*[1-9](?:{SEPARATORS}*\d){{6,13}}(?!\d)",
    "NHS number": rf"(?<!\d)\d{{3}}{SEPARATORS}{{0,2}}\d{{3}}{SEPARATORS}{{0,2}}\d{{4}}(?!\d)",
    "date": rf"(?<!\d)\d{{1,2}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?(?:19|20)?\d{{2}}(?!\d)"
    rf"|(?<!\d){YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}(?!\d)"
    rf"|(?<!\d){DAY}[\s./-]+(?:of\s+)?(?:{MONTHS})[a-z]*\.?[\s,./-]+['\u2019]?{YEAR}\b"
    rf"|(?<!\d){DAY}[\s./-]*(?:of\s+)?{MONTH}[\s,./-]*['\u2019]?\d{{2}}\b"
    rf"|\b(?:{MONTHS})[a-z]*\.?\s+{DAY},?\s+{YEAR}\b"
    rf"|(?<!\d){NTH}\s+(?:of\s+)?{MONTH}|(?<!\d)\d{{1,2}}\s+(?:of\s+)?{NOT_A_MONTH}{MONTH}"
    rf"|\b{MONTH}\s+{NTH}\b|\b{NOT_A_MONTH}{MONTH}\s+\d{{1,2}}(?!\d)"
    r"|\b(?:born|birthday|dob|d\.o\.b\.?|date\s+of\s+birth)\b[^\d\n]{0,20}?"
    rf"{YEAR}(?![\d./-]*\d)",
    "postcode": r"\b(?:gir\s?0aa"
    r"|[a-z]{1,2}\d[a-z\d]?[\s-]{0,3}\d[abd-hjlnp-uw-z]{2})\b",
    "number": r"(?<!\d)\d{6,}(?!\d)|(?<!\d)(?:\d{4}[\s-]){3}\d{4}(?!\d)"
    rf"|(?<!\d)\d{{3}}{SEPARATORS}\d{{3}}{SEPARATORS}\d{{4}}(?!\d)"
    # A mobile number that lost its nought.
    rf"|(?<!\d)7\d{{3}}{SEPARATORS}?\d{{3}}{SEPARATORS}?\d{{3}}(?!\d)"
    r"|\b[a-z]{2}\s?(?:\d{2}\s?){3}[a-d]\b",
}
"""Kind → its form, in the order in which they are taken out."""
NAME = "name"
KINDS = (*FORMS, NAME)
"""What is taken out; each leaves its kind in square brackets."""

SHORT_TITLES = r"Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Fr"
TITLES = (
    r"Miss|Doctor|Professor|Sir|Dame|Lord|Lady|Reverend|Father|Rabbi|Imam|Pastor"
    r"|Matron|Nurse|Sister"
)
ROLES = (
    r"therapist|counsellor|psychologist|psychiatrist|key\s?worker|co-?ordinator"
    r"|support worker|social worker|care worker|consultant|manager|receptionist"
    r"|advocate|GP|CPN|colleague|friend|husband|wife|partner|son|daughter|mum|mother|dad"
    r"|brother"
)
CAPITAL = r"[^\W\d_a-z]"
WRITTEN = rf"(?!I\b){CAPITAL}(?=[^\W\d_A-Z]|['\u2019])[\w'\u2019-]+"
"""A word with a capital and small letters: in *THE NURSE WAS KIND* there is no name."""
ANY_CAPITAL = rf"(?!I\b){CAPITAL}[\w'\u2019-]*"
PARTICLES = r"(?:(?:van|von|de|der|den|del|la|le|di|da|al|el|bin|ibn|ap|of|ter)\s+)*"
INITIALS = rf"(?:{CAPITAL}\.\s*)*"
AFTER_DR = (
    r"was|is|has|had|did|does|do|said|says|told|asked|gave|gives|came|saw|made|who|that"
    r"|and|or|but|if|as|at|in|on|of|to|for|from|with|about|when|then|there|here|again"
    r"|he|she|they|we|it|i|my|a|an|the|will|would|could|can|never|always|just|really"
    r"|only|also|not|no|so|listen\w*|appointments?|surger\w*|visits?|didn|doesn|wasn"
    r"|isn|wouldn|couldn|s"
)
NAMED = tuple(
    re.compile(form)
    for form in (
        rf"\b(?:(?i:{SHORT_TITLES})\b\.?\s*(?:(?i:{TITLES}|{SHORT_TITLES})\b\.?\s+)*"
        rf"{INITIALS}{PARTICLES}{ANY_CAPITAL}"
        rf"|(?i:{TITLES})\b\s+(?:(?i:{TITLES}|{SHORT_TITLES})\b\.?\s+)*"
        rf"{INITIALS}{PARTICLES}{WRITTEN})"
        rf"(?:\s+(?:{CAPITAL}\.\s*)*{PARTICLES}{WRITTEN}){{0,2}}",
        rf"\b(?:mr|mrs|ms)\b\.?\s+[^\W\d_][\w'\u2019-]+"
        rf"|\bdr\b\.?\s+(?!(?:{AFTER_DR})\b)[^\W\d_][\w'\u2019-]+",
        r"\b(?i:name\s+(?:is|was)|name['\u2019]s|named|called|(?:"
        rf"{ROLES}),?)\s+(?P<who>{WRITTEN}(?:\s+{PARTICLES}{WRITTEN})?)",
    )
)
"""Names by what stands before them: a title, or words that a name follows."""

TEN_DIGITS = rf"(?<!\d)\d(?:{SEPARATORS}{{0,2}}\d){{9}}(?!\d)"
"""An NHS number in other groups than is usual, which are looked for first."""
COMPILED = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, usual in FORMS.items()
    for form in ((usual, TEN_DIGITS) if kind == "NHS number" else (usual,))
)
"""Kinds with their patterns, in the order in which they are taken out."""
PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(map(re.escape, KINDS))})\]")
"""What earlier kinds have left."""


def is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of those before it."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    weighted = sum(
        weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)
    )
    # A remainder that asks for a check digit of ten is no number's.
    return (11 - weighted % 11) % 11 == digits[-1]
