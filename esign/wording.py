"""A case put into the words of its application. Pure: the values come opened, the texts come from the product."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from esign.documents import Application, Row, Words
from esign.ports import Figure, ProductFacts, Texts
from esign.rules import HERE
from evidence.case import Case
from evidence.case.identity import Identity
from evidence.events import Frozen, parse_instant


class Opened(Frozen, frozen=True, kw_only=True):
    """Personal values of one party, from the vault. Only what is still there."""

    confirmed: dict[str, str]  # fields of the identity card the customer confirmed
    claimed_name: str | None
    phone: str | None
    inputs: dict[str, str]


CONFIRMED_FIELDS = {
    "name": Words(zh="姓名", en="Name"),
    "sex": Words(zh="性别", en="Sex"),
    "birth": Words(zh="出生日期", en="Date of birth"),
    "number": Words(zh="身份证号码", en="Identity number"),
}


def application(case: Case, party: str, opened: Opened, facts: ProductFacts, nonce: str, at: datetime) -> Application:
    names = case.policy.product.names
    return Application(
        product=_words(names, case.policy.product.id),
        provider=_words(facts.provider, "—"),
        serial=case.id,
        made_at=_moment(at),
        marks=_marks(case),
        person=_person(opened),
        inputs=_figures(case.reading.inputs, facts.inputs, opened.inputs),
        outputs=_figures(case.reading.outputs, facts.outputs, {}),  # a formula without a label is a step between
        clauses=tuple(_clause(case, name, facts.clauses) for name in _needed(case, "read")),
        disclosures=tuple(
            Row(label=_words(facts.disclosures.get(name, {}), name), value=_acknowledged(when))
            for name, when in case.reading.acknowledged.items()
        ),
        questions=tuple(
            Row(label=_words(facts.questions.get(name, {}), name), value=_answered(case.reading.attempts.get(name, 0)))
            for name, right in case.reading.answered.items()
            if right
        ),
        identity=_identity(case, case.identity_of(party)),
        nonce=nonce,
        head=f"{case.head.seq} · {case.head.hash}",
    )


# --- masks -----------------------------------------------------------------------------------------------------------


def mask_number(number: str) -> str:
    """`110105********002X`: the birth date and the order of birth are what a thief needs."""
    keep = (6, 4) if len(number) >= 15 else (1, 1) if len(number) > 2 else (0, 0)
    return number[: keep[0]] + "*" * (len(number) - sum(keep)) + number[len(number) - keep[1] :]


def mask_phone(phone: str) -> str:
    """`138****5678`."""
    keep = (3, 4) if len(phone) >= 11 else (0, 0)
    return phone[: keep[0]] + "*" * (len(phone) - sum(keep)) + phone[len(phone) - keep[1] :]


# --- parts -----------------------------------------------------------------------------------------------------------


def _marks(case: Case) -> tuple[Words, ...]:
    sandbox = Words(
        zh="沙箱演示：本文件不产生任何法律效力，签名证书为测试证书。",
        en="Sandbox: this paper has no legal effect, and is signed with a test certificate.",
    )
    synthetic = Words(
        zh="演示资料：本业务使用虚构的人物和证件图像。",
        en="Synthetic input: the person and the pictures of this case are made up.",
    )
    return (
        *((sandbox,) if case.mode == "sandbox" else ()),
        *((synthetic,) if case.input_origin == "synthetic" else ()),
    )


def _person(opened: Opened) -> tuple[Row, ...]:
    shown = {**opened.confirmed}
    if "number" in shown:
        shown["number"] = mask_number(shown["number"])
    rows = [
        Row(label=label, value=Words(zh=shown[name])) for name, label in CONFIRMED_FIELDS.items() if shown.get(name)
    ]
    if "name" not in shown and opened.claimed_name:
        label = Words(zh="姓名（他人填写，未经核验）", en="Name (as stated by another person, not verified)")
        rows.insert(0, Row(label=label, value=Words(zh=opened.claimed_name)))
    if opened.phone:
        rows.append(Row(label=Words(zh="手机号", en="Phone"), value=Words(zh=mask_phone(opened.phone))))
    return tuple(rows)


def _figures(names: Iterable[str], texts: Mapping[str, Figure], values: Mapping[str, str]) -> tuple[Row, ...]:
    """Those with words, in the product's order, then what the customer chose and nobody has words for."""
    held = tuple(names)
    worded = tuple(
        Row(label=_words(figure.label, name), value=_words(figure.value, "—"))
        for name, figure in texts.items()
        if name in held
    )
    bare = tuple(
        Row(label=Words(zh=name), value=Words(zh=values[name])) for name in held if name not in texts and name in values
    )
    return (*worded, *bare)


def _needed(case: Case, kind: str) -> tuple[str, ...]:
    step = case.policy.step("sign")
    return tuple(key.removeprefix(f"{kind}:") for key in (step.needs if step else ()) if key.startswith(f"{kind}:"))


def _clause(case: Case, clause: str, titles: Mapping[str, Texts]) -> Row:
    """When it was last before the reader's eyes, and for how long in all, over all levels."""
    seen = sum(seen.visible_ms for key, seen in case.reading.seen.items() if key.split("/")[0] == clause)
    times = [
        screen.reported_at or screen.at
        for screen in case.reading.screens.values()
        if any(item.clause == clause for item in screen.clauses.values())
    ]
    last = _moment(parse_instant(max(times))) if times else Words(zh="—", en="—")
    return Row(
        label=_words(titles.get(clause, {}), clause),
        value=Words(
            zh=f"共看 {seen // 1000} 秒，最后一次 {last.zh}",
            en=f"In view for {seen // 1000} s in all, last {last.en}",
        ),
    )


def _acknowledged(when: str) -> Words:
    moment = _moment(parse_instant(when))
    return Words(zh=f"已确认，{moment.zh}", en=f"Acknowledged, {moment.en}")


def _answered(wrong: int) -> Words:
    if wrong == 0:
        return Words(zh="第一次就答对", en="Right at the first try")
    return Words(zh=f"答对（此前答错 {wrong} 次）", en=f"Right (wrong {wrong} times before)")


ROUTES = {
    "face": Words(
        zh="人脸比对筛查（网页采集；只是筛查，不是经认证的活体检测）",
        en="Screened by face on a web page (a screening, not a certified liveness test)",
    ),
    "assisted": Words(zh="人工审核（不刷脸）", en="Examined by a person, without face recognition"),
}


def _identity(case: Case, identity: Identity) -> tuple[Row, ...]:
    verified = identity.verified
    if verified is None:
        return ()
    moment = _moment(parse_instant(verified.at))
    return (
        Row(label=Words(zh="方式", en="How"), value=ROUTES.get(verified.route, Words(zh=verified.route))),
        Row(
            label=Words(zh="结果", en="Result"),
            value=Words(
                zh=f"通过，{moment.zh}，强度 {verified.strength}", en=f"Passed, {moment.en}, {verified.strength}"
            ),
        ),
        Row(label=Words(zh="权威数据核对", en="Check against an authority"), value=_authority(case, identity)),
    )


def _authority(case: Case, identity: Identity) -> Words:
    if case.mode == "sandbox":
        return Words(zh="沙箱：没有向任何权威机构核对", en="Sandbox: no authority was asked")
    match identity.data_checked:
        case "pass":
            return Words(zh="一致", en="Matches")
        case None | "not_run":
            return Words(zh="没有核对", en="Not checked")
        case _:
            return Words(zh="未能确认，由人工处理", en="Not confirmed; decided by a person")


def _words(texts: Mapping[str, str], otherwise: str) -> Words:
    return Words(zh=texts.get("zh-CN", otherwise), en=texts.get("en", ""))


def _moment(at: datetime) -> Words:
    here = at.astimezone(HERE).strftime("%Y-%m-%d %H:%M:%S")
    return Words(zh=f"{here}（北京时间）", en=f"{here} (UTC+8)")
