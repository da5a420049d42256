"""The types of `product/1`: one YAML file a product. Authors' guide: docs/PRODUCTS.md.

Numbers with a decimal point are strings everywhere (`"1.10"`); integers may stay integers.
"""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Locale, Party, Sha256
from evidence.policy import StepName

Kind = Literal[
    "insurance.term",
    "insurance.illness",
    "insurance.annuity",
    "insurance.endowment",
    "insurance.accident",
    "bank.loan",
    "bank.wealth",
    "bank.card_service",
]
Category = Literal[
    "purpose",
    "parties",
    "period",
    "premium",
    "benefit",
    "exclusion",
    "limit",
    "waiting",
    "cooling_off",
    "surrender",
    "cash_value",
    "loan",
    "reinstatement",
    "duty_disclosure",
    "duty_notice",
    "claim",
    "beneficiary",
    "change",
    "dispute",
    "definition",
    "data_use",
    "risk",
    "fee",
    "interest",
    "default",
    "liability",
    "redemption",
    "schedule",
    "other",
]
Unit = Literal[
    "money",
    "years",
    "months",
    "days",
    "workdays",
    "hours",
    "minutes",
    "age",
    "count",
    "percent",
    "number",
    "choice",
]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ClauseId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.]{0,39}$")]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Expr = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Text = dict[Locale, Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]]
"""One template a language: `{name}`, `{name, money}`, `{count(children)}`, `[words](glossary_id)`."""


class Provider(Frozen, frozen=True, kw_only=True):
    """Who promises. `intermediary`: full name of the company that sells, where it is another one (API-06)."""

    name: Text
    filing_no: str
    intermediary: Text | None = None


class Sale(Frozen, frozen=True, kw_only=True):
    """Half-open `[from, to)`, in local time of the region."""

    from_: Day = msgspec.field(name="from")
    to: Day | None = None
    zone: Annotated[str, msgspec.Meta(pattern=r"^[+-]\d\d:\d\d$")] = "+08:00"
    regions: tuple[str, ...]
    channels: tuple[str, ...]


class Languages(Frozen, frozen=True, kw_only=True):
    authoritative: Locale
    offered: tuple[Locale, ...]


class Source(Frozen, frozen=True, kw_only=True):
    """The filed wording. `nfc+lf`: the file already is NFC with LF ends, so what is hashed is what is read."""

    file: str
    sha256: Sha256
    normalise: Literal["nfc+lf"]
    skip: tuple[str, ...] = ()  # numbers of segments that are page furniture: title page, chapter headings


class Handout(Frozen, frozen=True, kw_only=True):
    """Another document of the product that a customer is given. It must not say otherwise than the wording (L10)."""

    kind: Literal["brochure", "notice", "health_questions"]
    file: str
    sha256: Sha256


class Waiver(Frozen, frozen=True, kw_only=True):
    """A named person's reason to let a finding stand. `path` as the finding prints it; it is part of what is hashed."""

    rule: Annotated[str, msgspec.Meta(pattern=r"^L\d\d$")]
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    by: Annotated[str, msgspec.Meta(min_length=2, max_length=60)]
    reason: Annotated[str, msgspec.Meta(min_length=8, max_length=500)]


class Choice(Frozen, frozen=True, kw_only=True):
    value: Name
    label: Text


class Input(Frozen, frozen=True, kw_only=True):
    """What the customer gives; the only personal data a text or formula may use."""

    type: Unit
    label: Text
    min: int | str | None = None
    max: int | str | None = None
    step: int | str | None = None
    one_of: tuple[int, ...] = msgspec.field(name="in", default=())
    choices: tuple[Choice, ...] = ()
    default: int | str | None = None
    slider: bool = False


class Param(Frozen, frozen=True, kw_only=True):
    """A number of the contract, tied to the words that fix it."""

    value: int | str
    unit: Unit
    clause: ClauseId
    quote: str


class Column(Frozen, frozen=True, kw_only=True):
    name: Name
    type: Unit


class TableDef(Frozen, frozen=True, kw_only=True):
    """A CSV beside the definition: the key columns in order, then `value`. A missing cell is an error."""

    file: str
    sha256: Sha256
    keys: tuple[Column, ...]
    value: Unit


class FormulaDef(Frozen, frozen=True, kw_only=True):
    """`label` makes it a line of the quote; without one it is only used by others."""

    unit: Unit
    expr: Expr
    label: Text | None = None


class Check(Frozen, frozen=True, kw_only=True):
    """A condition over several inputs that a quote must meet."""

    id: Name
    require: Expr
    reason: Text


class Term(Frozen, frozen=True, kw_only=True):
    term: Text
    plain: Text
    clause: ClauseId
    aliases: dict[Locale, tuple[str, ...]] = {}


class Explain(Frozen, frozen=True, kw_only=True):
    """Concept, content and legal effect, as 司法解释(二) art. 11(2) asks. `children`: the items themselves."""

    what: Text
    covers: Text | Literal["children"]
    effect: Text


class Clause(Frozen, frozen=True, kw_only=True):
    """`src` is a number in the wording: `2.5`, an item `2.5(3)`. `personal`: its texts show the customer's own numbers.

    `limits_provider`: lessens what the provider pays or adds to what the customer bears, whatever the category.
    `applies_to`: the benefits an exclusion item takes away, where the wording splits them (L07).
    """

    id: ClauseId
    cat: Category
    src: str
    title: Text | None = None
    one: Text
    plain: Text | None = None
    explain: Explain | None = None
    must_read: bool = False
    limits_provider: bool = False
    dwell_s: int = 0
    personal: bool = False
    style: Literal["alert"] | None = None
    applies_to: tuple[ClauseId, ...] = ()
    children: tuple["Clause", ...] = ()


Topic = Literal["benefit", "exclusion", "waiting", "cooling_off", "renewal", "claim", "period", "other"]


class Disclosure(Frozen, frozen=True, kw_only=True):
    """One sentence in the first person, confirmed after its clauses were read. Without clauses it may come before the
    quote. `topic`: which of the eight items it confirms (健康保险管理办法 art. 39)."""

    id: Name
    when: Literal["before_quote", "before_kyc", "before_sign", "after_pay"]
    topic: Topic | None = None
    clauses: tuple[ClauseId, ...] = ()
    acknowledge: Literal["tap", "hold", "transcribe"]
    text: Text


class Question(Frozen, frozen=True, kw_only=True):
    """`answer` and `wrong` are expressions in the customer's own numbers, or `answer` names one of `choices`."""

    id: Name
    clause: ClauseId
    ask: Text
    answer: Expr
    wrong: tuple[Expr, ...] = ()
    choices: tuple[Choice, ...] = ()
    unit: Unit = "number"
    suffix: Text | None = None  # said after the number: 天, days
    tries: Annotated[int, msgspec.Meta(ge=1, le=5)] = 3
    # after the last miss a person helps, or nothing goes on; `human`: after the first
    on_wrong: Literal["reread", "human", "stop"] = "reread"
    spare: bool = False  # asked only of who read in a rush


class SuitabilityRule(Frozen, frozen=True, kw_only=True):
    """Speaks when its condition is true. Exactly one of deny, escalate and warn.

    `declaration`: the sentence that the customer copies out to go on in spite of a warning (PRD-10).
    """

    id: Name
    deny: Expr | None = None
    escalate: Expr | None = None
    warn: Expr | None = None
    reason: Text
    declaration: Text | None = None


class Thinking(Frozen, frozen=True, kw_only=True):
    """Who signs only after some time to think (PRD-12)."""

    when: Expr
    hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24


class RiskChoice(Frozen, frozen=True, kw_only=True):
    value: Name
    label: Text
    points: Annotated[int, msgspec.Meta(ge=0, le=100)]


class RiskQuestion(Frozen, frozen=True, kw_only=True):
    id: Name
    ask: Text
    choices: tuple[RiskChoice, ...]


class RiskTest(Frozen, frozen=True, kw_only=True):
    """How much loss a customer can bear (PRD-11). `level`: of the product, 1 to 5; `from_points`: least points of the
    customer's grades 2, 3, 4 and 5."""

    level: Annotated[int, msgspec.Meta(ge=1, le=5)]
    questions: Annotated[tuple[RiskQuestion, ...], msgspec.Meta(min_length=1)]
    from_points: tuple[int, int, int, int]


class HealthQuestion(Frozen, frozen=True, kw_only=True):
    """One concrete thing, answered yes or no. `effect`: what becomes of a wrong answer (PRD-13)."""

    id: Name
    ask: Text
    effect: Text
    yes: Literal["accept", "refer", "decline"]


class Health(Frozen, frozen=True, kw_only=True):
    version: Annotated[int, msgspec.Meta(ge=1)]
    questions: Annotated[tuple[HealthQuestion, ...], msgspec.Meta(min_length=1)]


class Suitability(Frozen, frozen=True, kw_only=True):
    """`facts` are asked of the customer besides the inputs; those of `ask_first` before any quote."""

    facts: dict[Name, Input] = {}
    ask_first: tuple[Name, ...] = ()
    rules: tuple[SuitabilityRule, ...] = ()
    thinking: Thinking | None = None
    risk: RiskTest | None = None
    health: Health | None = None


class SignaturePart(Frozen, frozen=True, kw_only=True):
    """`when`: some papers are signed only where the insured is not the buyer (保险法 art. 34)."""

    who: Party
    signs: tuple[Name, ...]
    when: Literal["always", "insured_is_another"] = "always"


class Journey(Frozen, frozen=True, kw_only=True):
    """`hesitation` names the param that holds the cooling-off days."""

    steps: tuple[StepName, ...]
    kyc: dict[Party, Literal["K0", "K1", "K2", "K3", "K4"]]
    papers: dict[Party, tuple[Name, ...]] = {}  # what each may show to be identified; none: the resident card
    signatures: tuple[SignaturePart, ...] = ()
    hesitation: Name | None = None
    retention_years: int = 10


class Example(Frozen, frozen=True, kw_only=True):
    """A golden row: loading fails when the formulas do not reproduce it exactly."""

    given: dict[Name, int | str] = msgspec.field(name="in")
    out: dict[Name, str]


class SummaryLine(Frozen, frozen=True, kw_only=True):
    topic: Literal["purpose", "pays", "not_paid", "waiting", "price", "early_exit", "claim"]
    text: Text
    clause: ClauseId


class Kid(Frozen, frozen=True, kw_only=True):
    """What a key information document says beyond the clauses (Regulation (EU) 1286/2014 art. 8). `sri`: 1 to 7."""

    sri: Annotated[int, msgspec.Meta(ge=1, le=7)]
    audience: Text
    holding: Text


class Product(Frozen, frozen=True, kw_only=True):
    format: Literal["product/1"]
    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    version: Annotated[int, msgspec.Meta(ge=1)]
    kind: Kind
    status: Literal["draft", "reviewed", "approved", "on_sale", "withdrawn"]
    names: Text
    provider: Provider
    sale: Sale
    grade: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0  # least grade of the person who may sell it; 0 = anybody
    currency: Literal["CNY"]
    languages: Languages
    supersedes: int | None = None
    source: Source
    handouts: dict[Name, Handout] = {}
    inputs: dict[Name, Input] = {}
    params: dict[Name, Param] = {}
    tables: dict[Name, TableDef] = {}
    formulas: dict[Name, FormulaDef] = {}
    checks: tuple[Check, ...] = ()
    glossary: dict[Name, Term] = {}
    clauses: tuple[Clause, ...]
    disclosures: tuple[Disclosure, ...] = ()
    questions: tuple[Question, ...] = ()
    suitability: Suitability = Suitability()
    journey: Journey
    examples: tuple[Example, ...] = ()
    summary: tuple[SummaryLine, ...]
    uncertainty: Text | None = None  # said at least as large as the name where benefits are not certain (PRD-09)
    kid: Kid | None = None
    waivers: tuple[Waiver, ...] = ()
