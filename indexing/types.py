"""What kind of document this is: rules in order, the first that holds decides. Each says why in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from indexing.formats.endings import MAILS
from indexing.signs import Signs

ProseType: TypeAlias = Literal["contract", "policy", "manual", "faq", "minutes", "release_notes", "web_page", "plain"]
DocumentType: TypeAlias = Literal["table", "slides", "code", "email_thread", ProseType]

SOURCE_RULE = "source_rule"
STATED = "stated"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One reason to take a document for a type."""

    name: str
    type: DocumentType
    because: str
    holds: Callable[[Signs], bool]
    language: str = ""  # ISO 639-1 of the words that it looks for; empty: it looks at form alone


@dataclass(frozen=True, slots=True)
class Typed:
    """A type, and the name of what decided it."""

    type: str
    rule: str


_DECKS = frozenset({"pptx", "odp"})
_SHEETS = frozenset({"csv", "xlsx", "xls", "ods"})
_DATA = frozenset({"json", "ndjson", "yaml"})

_LEGAL_WORDS = (
    r"\bhereinafter\b|\bhereby\b|\bherein\b",
    r"\bthe parties\b|\beither party\b|\bthe other party\b|\beach party\b",
    r"\bin witness whereof\b|\bwhereas\b|\brecitals\b",
    r"\bgoverning law\b|\bgoverned by the laws?\b|\bjurisdiction\b",
    r"\bindemnif\w+|\bliabilit(?:y|ies)\b",
    r"\bthis (?:framework |master |license |service )?agreement\b|\bthis contract\b",
    r"\bterminat(?:e|ion) (?:of )?this agreement\b|\bforce majeure?\b|\bentire agreement\b",
)
_AGREEMENT = r"\b(?:agreement|contract|nda|addendum|amendment|terms of (?:service|use)|terms and conditions)\b"
_POLICY_HEADINGS = (
    r"(?:purpose|scope|who this (?:policy )?applies to|applicability|eligib\w+|responsibilit\w+|exceptions?|enforcement"
    r"|compliance|violations?|reporting violations|policy(?: statement)?|entitlements?|unacceptable \w+)\b"
)
_DUTIES = r"\b(?:must|shall|may not|required|entitled|eligib(?:le|ility)|prohibited|approv(?:al|ed?|es)|employees?)\b"
_MINUTES_HEADINGS = (
    r"(?:agenda|attendees|attendance|present|apologies|action items?|actions|decisions?|next meeting|any other business"
    r"|minutes of|matters arising)\b"
)
_HOW_TO_HEADINGS = (
    r"(?:how (?:to|do|can|we)|step \d|steps|install\w*|set(?:ting)? up|setup|getting started|configur\w+|usage|using"
    r"|quick ?start|troubleshoot\w*|instructions?|prerequisites|maintenance|creat(?:e|ing)|add(?:ing)?"
    r"|request(?:ing)?|submit(?:ting)?|manag(?:e|ing)|chang(?:e|ing)|apply(?:ing)?|choos(?:e|ing)|enabl(?:e|ing)|operation|safety|procedure)\b"
)
_MANUAL_NAMES = (
    r"\b(?:manual|guide|guides|guidelines|handbook|playbook|play|runbook|tutorial|cheat ?sheet|how to|howto|walkthrough"
    r"|procedure|instructions|getting started|quick ?start|boot ?camp|style guide|onboarding|user documentation)\b"
)

RULES: tuple[TypeRule, ...] = (
    TypeRule("mail_format", "email_thread", "It is a mail by its format.", lambda signs: signs.format in MAILS),
    TypeRule("deck_format", "slides", "It is a deck of slides by its format.", lambda signs: signs.format in _DECKS),
    TypeRule(
        "sheet_format", "table", "It is a workbook or a file of rows by its format.", lambda s: s.format in _SHEETS
    ),
    TypeRule(
        "data_format", "plain", "It is structured data by its format, with no sentences.", lambda s: s.format in _DATA
    ),
    TypeRule(
        "source_code",
        "code",
        "It is source code by its format.",
        lambda signs: signs.format == "code",
    ),
    TypeRule(
        "mail_lines",
        "email_thread",
        "At least two blocks are the lines that stand over a mail, and they are a tenth of all or more.",
        lambda signs: signs.messages >= 2 and signs.messages >= len(signs.blocks) / 10,
        "en",
    ),
    TypeRule(
        "release_name",
        "release_notes",
        "Name or title say changelog, release notes or what is new.",
        lambda signs: signs.called_like(
            r"\bchange ?log\b|\brelease notes?\b|^what ?s ?new\b|^(?:news|changes|history)$"
        ),
        "en",
    ),
    TypeRule(
        "version_headings",
        "release_notes",
        "At least three headings name a version, and they are a quarter of the headings or more.",
        lambda signs: signs.versions >= 3 and signs.versions >= len(signs.headings) / 4,
    ),
    TypeRule(
        "faq_name",
        "faq",
        "Name or title say FAQ, or questions and answers.",
        lambda signs: signs.called_like(
            r"\bfaqs?\b|\bfrequently asked\b|\bquestions and answers\b|\bq a\b|\bcustomer questions\b"
        ),
        "en",
    ),
    TypeRule(
        "questions",
        "faq",
        "At least three headings are questions with an answer, and they are half of the headings or more.",
        lambda signs: signs.question_headings >= 3 and signs.question_headings >= len(signs.headings) / 2,
    ),
    TypeRule(
        "question_paragraphs",
        "faq",
        "At least four paragraphs are questions with an answer, and they are a quarter of the blocks or more.",
        lambda signs: signs.questions >= 4 and signs.questions >= len(signs.blocks) / 4,
    ),
    TypeRule(
        "minutes_name",
        "minutes",
        "Name or title say minutes or meeting notes, not a time of so many minutes.",
        lambda signs: signs.called_like(r"(?<!\d )(?<!\bin )\bminutes\b(?! (?:a|per|to)\b)|\bmeeting notes\b"),
        "en",
    ),
    TypeRule(
        "minutes_headings",
        "minutes",
        "At least two headings are those of minutes: attendees, apologies, decisions, actions, next meeting.",
        lambda signs: signs.headed(_MINUTES_HEADINGS) >= 2,
        "en",
    ),
    TypeRule(
        "agreement_name",
        "contract",
        "Name or title say agreement or contract, and the text has numbered clauses and legal words.",
        lambda signs: signs.called_like(_AGREEMENT) and signs.clauses >= 3 and signs.says(*_LEGAL_WORDS) >= 2,
        "en",
    ),
    TypeRule(
        "legal_clauses",
        "contract",
        "At least five numbered clauses stand in it, and four kinds of legal words.",
        lambda signs: signs.clauses >= 5 and signs.says(*_LEGAL_WORDS) >= 4,
        "en",
    ),
    TypeRule(
        "manual_name",
        "manual",
        "Name or title say manual, guide, handbook, playbook, runbook, tutorial, procedure or cheat sheet; a web page "
        "has two headings besides.",
        lambda signs: signs.called_like(_MANUAL_NAMES) and (signs.format != "html" or len(signs.headings) >= 2),
        "en",
    ),
    TypeRule(
        "policy_name",
        "policy",
        "Name or title say policy, code of conduct, or rules, regulations or terms of employment.",
        lambda signs: signs.called_like(
            r"\bpolic(?:y|ies)\b|\bcode of (?:conduct|ethics)\b|\bregulations?\b|^rules\b|\bterms of employment\b"
        ),
        "en",
    ),
    TypeRule(
        "policy_headings",
        "policy",
        "At least two headings are those of policies, such as purpose, scope and exceptions, and duties are named.",
        lambda signs: signs.headed(_POLICY_HEADINGS) >= 2 and signs.rate(_DUTIES) > 0,
        "en",
    ),
    TypeRule(
        "entitlements",
        "policy",
        "A heading says who is eligible or entitled, and eight words in a thousand name duties or rights.",
        lambda signs: signs.headed(r"eligib\w+|entitle\w+") >= 1 and signs.rate(_DUTIES) >= 8,
        "en",
    ),
    TypeRule(
        "mostly_rows",
        "table",
        "More than half of it are rows of tables, and less than a quarter are paragraphs.",
        lambda signs: signs.share("table_row") > 1 / 2 and signs.share("paragraph") < 1 / 4,
    ),
    TypeRule("web_format", "web_page", "It is a web page by its format.", lambda signs: signs.format == "html"),
    TypeRule(
        "how_to_headings",
        "manual",
        "At least two headings tell how something is done, and they are a fifth of the headings or more.",
        lambda signs: 2 <= signs.headed(_HOW_TO_HEADINGS) >= len(signs.headings) / 5,
        "en",
    ),
    TypeRule(
        "speaks_to_reader",
        "manual",
        "It speaks to its reader: you or your are 25 words in a thousand or more, of 200 words or more under headings.",
        lambda signs: signs.rate(r"\byour?\b") >= 25 and signs.words >= 200 and signs.headings != [],
        "en",
    ),
    TypeRule("nothing_else", "plain", "No other rule holds.", lambda _: True),
)


_SAID = {SOURCE_RULE: "A rule of its source says so.", STATED: "It says so itself."}
_BECAUSE = _SAID | {rule.name: rule.because for rule in RULES}


def because(rule: str) -> str:
    """Return the sentence that says why a document is of its type, by the name of what decided; empty where unknown."""
    return _BECAUSE.get(rule, "")


def decide(signs: Signs, *, ruled: str | None, stated: str) -> Typed:
    """Return the type of a document: what its source's rules say, else what it states of itself, else what it shows."""
    if ruled:
        return Typed(ruled, SOURCE_RULE)
    if stated:
        return Typed(_named(stated), STATED)
    return detect(signs)


def detect(signs: Signs) -> Typed:
    """Return the type that a document shows, by the first rule that holds."""
    rule = next(rule for rule in RULES if rule.holds(signs))
    return Typed(rule.type, rule.name)


def _named(stated: str) -> str:
    """Return a stated type, one of ours as filters name it: "Release Notes" is "release_notes"."""
    name = "_".join(stated.lower().replace("-", " ").split())
    return name if name in get_args(DocumentType) else stated
