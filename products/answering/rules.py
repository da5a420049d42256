"""Which answer is right, what a miss costs, and when a sentence counts as confirmed."""

import unicodedata
from collections.abc import Mapping
from typing import Literal

from evidence.case import Case
from evidence.errors import NotValid, StepsMissing
from evidence.events import ActTimed, Body, Commitment, DisclosureAcknowledged, QuestionAnswered, Stamp
from products.commands import Acknowledge, Answer
from products.compiled import Compiled, text_sha256
from products.definition import Disclosure, Question
from products.errors import (
    DisclosureUnknown,
    HelpNeeded,
    HoldLonger,
    PageNotOpen,
    PickUnknown,
    QuestionStopped,
    QuestionUnknown,
    TextChanged,
    TranscriptDiffers,
)
from products.formula import Value
from products.questions import is_asked, options, right, tries_of
from products.render import sentence
from products.rules import Basis, admit, same_basis

HELD_MS = 1_000
"""The least time a sentence is held that is confirmed by holding."""


# --- questions -------------------------------------------------------------------------------------------------------


def question_of(case: Case, command: Answer, compiled: Compiled) -> Question:
    """The question, if it may be answered now: its clause is read and tries are left."""
    question = next((item for item in compiled.product.questions if item.id == command.question), None)
    if question is None or not is_asked(case, question):
        raise QuestionUnknown("no such question")
    if case.reading.helped.get(f"question:{question.id}") == "stop":
        raise QuestionStopped("a person stopped it", question=question.id)
    if case.reading.attempts.get(question.id, 0) >= tries_of(question):
        stopped = question.on_wrong == "stop"
        raise (QuestionStopped if stopped else HelpNeeded)("no tries left", question=question.id)
    if f"read:{question.clause}" not in case.keys:
        raise StepsMissing(missing=(f"read:{question.clause}",))
    return question


def answer(
    case: Case,
    command: Answer,
    compiled: Compiled,
    values: Mapping[str, Value],
    hidden: Commitment | None,
    basis: Basis,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """A wrong answer opens the clause again; the last one lets only a person help. A right one stays right.

    `hidden`: the picked number as a disclosure, where the options are the customer's own numbers.
    """
    admit(case, command, stamp)
    question = question_of(case, command, compiled)
    if case.reading.answered.get(question.id):
        return ()
    same_basis(case, basis)
    if command.picked not in {item.value for item in options(compiled, question, values, case.id)}:
        raise PickUnknown("not one of the options")
    correct = command.picked == right(compiled, question, values)
    rush = case.reading.rush
    calm = ("unhurried",) if rush is not None and rush.question == question.id else ()
    return (
        QuestionAnswered(
            question=question.id,
            picked=None if hidden else command.picked,
            picked_value=hidden,
            correct=correct,
            attempt=case.reading.attempts.get(question.id, 0) + 1,
            satisfies=(f"answered:{question.id}", *calm) if correct else (),
            withdraws=() if correct else (f"read:{question.clause}",),
        ),
    )


# --- disclosures -----------------------------------------------------------------------------------------------------


def disclosure_of(case: Case, command: Acknowledge, compiled: Compiled) -> Disclosure:
    """The disclosure, if this is its present text, its clauses were read before, and a copy of it agrees."""
    found = next((item for item in compiled.product.disclosures if item.id == command.disclosure), None)
    if found is None or command.locale not in found.text:
        raise DisclosureUnknown("no such disclosure")
    unread = tuple(f"read:{clause}" for clause in found.clauses if f"read:{clause}" not in case.keys)
    if unread:
        raise StepsMissing(missing=unread)
    text = sentence(compiled, found.text, command.locale)
    if text_sha256(text) != command.text_sha256:
        raise TextChanged("another text was shown")
    if (found.acknowledge == "transcribe") != (command.typed is not None):
        raise NotValid("typed belongs to what is copied out", field="typed")
    if command.typed is not None and bare(command.typed) != bare(text):
        raise TranscriptDiffers("the copy differs")
    if found.acknowledge == "hold" and (command.took_ms or 0) < HELD_MS:
        raise HoldLonger(f"{command.took_ms} ms")
    if case.reading.page not in (None, "disclosures", "sign"):
        raise PageNotOpen("the page with this sentence is not open")  # PRD-08
    return found


def acknowledge(
    case: Case, command: Acknowledge, compiled: Compiled, typed: Commitment | None, stamp: Stamp
) -> tuple[Body, ...]:
    admit(case, command, stamp)
    found = disclosure_of(case, command, compiled)
    if f"disclosed:{found.id}" in case.keys:
        return ()
    timed = command.took_ms is not None and found.acknowledge != "tap"
    return (
        *(_timed(found, command),) * timed,
        DisclosureAcknowledged(
            disclosure=found.id,
            method=found.acknowledge,
            locale=command.locale,
            text_sha256=command.text_sha256,
            typed=typed,
            satisfies=(f"disclosed:{found.id}",),
        ),
    )


def _timed(found: Disclosure, command: Acknowledge) -> ActTimed:
    act: Literal["hold", "transcribe"] = "hold" if found.acknowledge == "hold" else "transcribe"
    return ActTimed(disclosure=found.id, act=act, took_ms=command.took_ms or 0, assisted=command.assisted)


def bare(text: str) -> str:
    """What is compared of a copied sentence: NFKC, without punctuation, spaces and letter case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LN")
