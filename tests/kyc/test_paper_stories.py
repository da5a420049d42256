"""Papers through the flows: what a party may show, what a person has to look at, and who may look at pictures."""

import io
import json
from datetime import date
from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench import cards, specimen
from evidence.case import Case
from evidence.errors import NotAllowed, NotFound
from evidence.events import Actor, PaperRead, PictureRead, ReviewRequested
from evidence.events.identity import PaperKind
from kyc import intake
from kyc.commands import ConfirmFields
from kyc.errors import PaperMissing, PaperNotAccepted, PictureApprovalByAnother, PictureNotApproved
from kyc.papers import flow as papers
from kyc.papers import viewing
from kyc.papers.kinds import DOCUMENTS, KINDS
from kyc.papers.portrait import printed
from tests.kyc.story import AGENT, REVIEWER, Story, bodies

SECOND = Actor(id="staff_second", role="auditor")
NUMBER = "6200000000000000000"


def photograph(card: Image.Image, seed: int = 5) -> bytes:
    chance = np.random.default_rng(seed)
    return cards.photographed(card, chance, cards.scene(chance, "photo"))


async def showing(story: Story, *names: str) -> Case:
    return await story.consent(await story.open(papers=names), "privacy")


def test_every_kind_of_paper_can_be_read_and_belongs_somewhere() -> None:
    assert set(get_args(PaperKind)) == KINDS.keys()
    sides = {side for document in DOCUMENTS.values() for side in document.sides}
    assert KINDS.keys() - sides == {"bank_card", "image"}


# --- what may be shown ------------------------------------------------------------------------------------------------


async def test_only_what_the_policy_names_is_looked_at(story: Story) -> None:  # KYC-10
    case = await showing(story)
    for paper in ("passport", "bank_card", "image"):
        with pytest.raises(PaperNotAccepted):
            await story.paper(case, paper, b"not even a picture")
    other = await showing(story, "passport")
    with pytest.raises(PaperNotAccepted):
        await story.paper(other, "cn_id_front", b"not even a picture")


async def test_a_passport_identifies_and_a_person_looks_because_no_authority_is_asked(story: Story) -> None:
    case = await showing(story, "passport")
    with pytest.raises(PaperMissing) as missing:
        await papers.confirm(case, ConfirmFields(fields={}), story.stamp(), story.ports)
    assert missing.value.facts["papers"] == ("passport",)
    case = await story.route(await story.paper(case, "passport", photograph(cards.passport_page())), "face")
    seen = await papers.read(case, "proposer", story.ports)
    assert set(seen["wanted"]) == seen["fields"].keys()
    said = {name: item["value"] for name, item in seen["fields"].items()}
    case = await papers.confirm(case, ConfirmFields(fields=said), story.stamp(), story.ports)
    assert (await bodies(story, case, ReviewRequested))[-1].reasons == ("AUTHORITY_NOT_ASKED",)


# --- what a person has to look at -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "typed", "reason"),
    [
        (specimen.Person(valid_to=date(2048, 3, 5)), {}, "VALIDITY_IMPLAUSIBLE"),
        (specimen.Person(valid_from=date(2018, 3, 5), valid_to=None), {}, "VALIDITY_IMPLAUSIBLE"),
        (specimen.Person(authority="别处县公安局"), {}, "SIDES_DIFFER"),
        (specimen.DEFAULT, {"name": "林知秋"}, "FIELDS_CORRECTED"),
        (specimen.DEFAULT, {"address": "示例省样本市见证区另一路1号"}, "FIELDS_CORRECTED"),
        (specimen.DEFAULT, {"ethnicity": "回"}, "FIELDS_CORRECTED"),
    ],
)
async def test_whatever_does_not_agree_is_seen_by_a_person(
    story: Story, person: specimen.Person, typed: dict[str, str], reason: str
) -> None:  # KYC-11
    case = await story.route(await story.read_before(await showing(story), person), "face")
    case = await story.confirm(case, person, **typed)
    assert reason in (await bodies(story, case, ReviewRequested))[-1].reasons
    assert not any(key.startswith("identity:") for key in case.keys)


async def test_a_contradiction_that_was_read_is_seen_by_a_person_though_the_customer_confirms(story: Story) -> None:
    card = specimen.front_card()
    card.paste((226, 236, 238), (165, 140, 215, 195))
    ImageDraw.Draw(card).text((170, 144), "男", specimen.INK, specimen.font(36))
    case = await story.paper(await showing(story), "cn_id_front", photograph(card))
    case = await story.paper(case, "cn_id_back", specimen.back())
    assert "SEX_DIFFERS" in case.identity_of("proposer").papers["cn_id_front"].reasons
    case = await story.confirm(await story.route(case, "face"))
    assert "SEX_DIFFERS" in (await bodies(story, case, ReviewRequested))[-1].reasons


# --- beside the document ----------------------------------------------------------------------------------------------


async def test_a_bank_card_leaves_a_token_and_four_digits_and_no_number_anywhere(story: Story) -> None:  # API-20
    case = await showing(story, "cn_id", "bank_card")
    case = await story.confirm(await story.route(await story.read_before(case), "face"))
    confirmed = case.identity_of("proposer").confirmed
    case = await story.paper(case, "bank_card", photograph(cards.bank_card(NUMBER)))
    paper = case.identity_of("proposer").papers["bank_card"]
    opened = await story.ports.vault.reveal(case.id, paper.fields.values())
    assert opened[paper.fields["card_last4"]].value == NUMBER[-4:]
    assert len(str(opened[paper.fields["card_token"]].value)) == 64
    assert paper.fields.keys() == {"card_token", "card_last4"}
    assert case.identity_of("proposer").confirmed == confirmed  # a card says nothing about who somebody is
    kept = await story.ports.vault.get(case.id, paper.media)
    assert max(intake.decode(kept).shape) <= 96
    chain = [event.line for event in await story.ports.ledger.events(case.id)]
    assert not any(NUMBER.encode() in line for line in chain)
    again = await story.paper(case, "bank_card", photograph(cards.bank_card(NUMBER), seed=6))
    other = again.identity_of("proposer").papers["bank_card"].fields["card_token"]
    same = await story.ports.vault.reveal(case.id, [other])
    assert same[other].value == opened[paper.fields["card_token"]].value


async def test_of_a_plain_picture_only_its_condition_is_said(story: Story) -> None:
    case = await showing(story, "cn_id", "image")
    report = photograph(cards.permit("tw_permit"))
    case = await story.paper(case, "image", report)
    read = (await bodies(story, case, PaperRead))[-1]
    assert (read.verdict, read.fields, read.scores) == ("pass", {}, ())
    dark = specimen.darkened(specimen.darkened(report))
    case = await story.paper(case, "image", dark)
    assert "TOO_DARK" in (await bodies(story, case, PaperRead))[-1].reasons


# --- the printed face -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_the_portrait_is_found_whichever_way_the_card_lay(story: Story, quarters: int) -> None:  # KYC-12
    picture = np.ascontiguousarray(np.rot90(intake.decode(specimen.front()), quarters))
    assert printed(story.ports.faces.see, picture) is not None


# --- who may look -----------------------------------------------------------------------------------------------------


async def test_a_picture_is_seen_by_who_asked_once_a_colleague_agreed(story: Story) -> None:  # EVD-13, attack 22
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    held = io.BytesIO()
    Image.open(io.BytesIO(specimen.front())).save(held, "JPEG", exif=exif)
    case = await story.read_before(await showing(story), front=held.getvalue())
    command = viewing.AskPictures(party="proposer", reason="复核身份")
    with pytest.raises(NotAllowed):
        await viewing.ask_pictures(case, command, story.stamp(actor=AGENT), story.ports)
    case = await viewing.ask_pictures(case, command, story.stamp(actor=REVIEWER), story.ports)
    (name,) = case.identity_of("proposer").asks
    look = ("proposer", "cn_id_front", name)
    with pytest.raises(PictureNotApproved):
        await viewing.picture(case, *look, story.stamp(actor=REVIEWER), story.ports)  # type: ignore[arg-type]
    agree = viewing.ApprovePictures(party="proposer")
    with pytest.raises(PictureApprovalByAnother):
        await viewing.approve_pictures(case, agree, name, story.stamp(actor=REVIEWER), story.ports)
    with pytest.raises(NotAllowed):
        await viewing.approve_pictures(case, agree, name, story.stamp(actor=AGENT), story.ports)
    case = await viewing.approve_pictures(case, agree, name, story.stamp(actor=SECOND), story.ports)
    with pytest.raises(NotFound):  # agreed for the one who asked, not for everybody
        await viewing.picture(case, *look, story.stamp(actor=SECOND), story.ports)  # type: ignore[arg-type]
    data = await viewing.picture(case, *look, story.stamp(actor=REVIEWER), story.ports)  # type: ignore[arg-type]
    assert b"where I live" in held.getvalue()
    assert b"where I live" not in data
    assert intake.decode(data).shape == intake.decode(held.getvalue()).shape
    (read,) = await bodies(story, case, PictureRead)
    assert (read.ask, read.paper) == (name, "cn_id_front")
    assert json.loads((await story.ports.ledger.events(case.id))[-1].line)["actor"]["id"] == REVIEWER.id
    story.clock.forward(24 * 3600 + 1)
    with pytest.raises(PictureNotApproved):
        await viewing.picture(case, *look, story.stamp(actor=REVIEWER), story.ports)  # type: ignore[arg-type]
