"""Duties around faces while the service runs: the count, the warning, the filing and what it says (KYC-15, KYC-16)."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from prometheus_client import Gauge

from api.health import Health
from evidence.errors import Error
from evidence.events import BODIES, CaseOpened, instant, stream_kind
from evidence.events.envelope import parse_body
from evidence.log import Entry
from evidence.retention import Table
from kyc import notices
from kyc.duties import flow
from kyc.duties.count import StoredFaces
from kyc.duties.rules import Duties

EVERY_S = 60.0
PERSONS = Gauge("jianzheng_faces_stored_persons", "Persons whose faces are stored", ["tenant"])
ASSESSED = Gauge("jianzheng_face_assessed", "1 while an impact assessment of face processing counts", ["tenant"])

_log = logging.getLogger(__name__)


class FaceDuties:
    """Looks at the count once a minute; two processes that look open one filing between them, or the same twice."""

    def __init__(self, ports: flow.Ports, faces: StoredFaces, health: Health) -> None:
        self._ports = ports
        self._faces = faces
        self._health = health
        self._tenants: set[str] = set()

    def learn(self, entries: Sequence[Entry]) -> None:
        """Which tenants there are."""
        for entry in entries:
            if entry.seq == 1 and stream_kind(entry.stream) == "case":
                opened = parse_body(entry.line, BODIES)
                if isinstance(opened, CaseOpened):
                    self._tenants.add(opened.tenant)

    async def run(self) -> None:
        while True:
            if self._health.sound:
                await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        limits = self._ports.limits
        stored = self._faces.persons()
        for tenant in sorted(self._tenants | stored.keys()):
            persons = stored.get(tenant, 0)
            PERSONS.labels(tenant).set(persons)
            try:
                filing = await flow.count(tenant, persons, self._ports)
                held = await flow.duties(tenant, self._ports.ledger)
            except Error as error:
                _log.warning("the count of stored faces was put off: %s", error.code)
                continue
            ASSESSED.labels(tenant).set(held.assessment is not None)
            lacking = None if held.assessment else "no impact assessment counts: in production no face is asked for"
            self._health.lacks(f"face_assessment_{tenant}", lacking)
            if filing is not None:
                self._health.alarm(
                    f"face_filing_{tenant}", f"{persons} persons: to be filed by {filing.due}", stops=False
                )
            elif persons >= limits.warn and not held.filed:
                what = f"{persons} persons, filing from {limits.file}"
                self._health.alarm(f"faces_stored_{tenant}", what, stops=False)

    async def state(self, tenant: str) -> dict[str, Any]:
        """What an admin sees."""
        held, limits = await flow.duties(tenant, self._ports.ledger), self._ports.limits
        return {
            "persons": self._faces.persons().get(tenant, 0),
            "warn": limits.warn,
            "limit": limits.file,
            "filing": None if held.filing is None else {"due": held.filing.due, "persons": held.filing.persons},
            "filed": held.filed or None,
            "assessed": held.assessment is not None,
            "assessments": [_assessment(one) for one in held.assessments],
        }

    async def pack(self, tenant: str, processor: notices.Processor, suite: str, table: Table) -> dict[str, Any]:
        """The five parts of a filing (人脸识别技术应用安全管理办法 art. 15), from what is really set and counted."""
        held = await flow.duties(tenant, self._ports.ledger)
        return {
            "at": instant(self._ports.now()),
            "processor": {"zh-CN": processor.zh, "en": processor.en, "contact": processor.contact},
            "purpose": {locale: list(text["items"][1:3]) for locale, text in notices.texts("face", processor).items()},
            "amount": {
                "persons": self._faces.persons().get(tenant, 0),
                "safeguards": {locale: said.format(suite=_SUITES[suite]) for locale, said in _SAFEGUARDS.items()},
            },
            "rules": {
                "notice": notices.texts("face", processor),
                "notice_sha256": notices.text_sha256("face", processor),
                "retention": [
                    {"class": item.name, "holds": item.holds, "on_request": item.on_request}
                    for item in table.classes
                    if item.name in {"biometric", "identity"}
                ],
            },
            "assessment": _counting(held),
        }


def markdown(pack: dict[str, Any], locale: str) -> str:
    """The same pack as a document, in one language (`zh-CN` or `en`)."""
    titles = _TITLES[locale]
    assessment = pack["assessment"]
    told = titles[6] if assessment is None else ", ".join(str(assessment[name]) for name in ("id", "dated", "owner"))
    lines = [
        f"# {titles[0]}",
        pack["at"],
        f"## {titles[1]}",
        f"{pack['processor'][locale]}, {pack['processor']['contact']}",
        f"## {titles[2]}",
        *(f"{item['label']}: {item['text']}" for item in pack["purpose"][locale]),
        f"## {titles[3]}",
        f"{pack['amount']['persons']}",
        pack["amount"]["safeguards"][locale],
        f"## {titles[4]}",
        *(f"{item['label']}: {item['text']}" for item in pack["rules"]["notice"][locale]["items"]),
        *(f"`{item['class']}`: {item['holds'][locale]}" for item in pack["rules"]["retention"]),
        f"SHA-256 `{pack['rules']['notice_sha256']}`",
        f"## {titles[5]}",
        told,
        *([] if assessment is None else [f"SHA-256 `{assessment['sha256']}`"]),
    ]
    return "\n\n".join(lines) + "\n"


def _assessment(one: Any) -> dict[str, Any]:
    said = one.said
    return {
        "id": said.assessment,
        "dated": said.dated,
        "owner": said.owner,
        "sha256": said.sha256,
        "counts": one.counts,
        "outdated": one.outdated or None,
    }


def _counting(held: Duties) -> dict[str, Any] | None:
    return None if held.assessment is None else _assessment(held.assessment)


_TITLES = {
    "zh-CN": (
        "人脸信息处理备案材料",
        "一、处理者",
        "二、处理目的与方式",
        "三、存储数量（人）与安全措施",
        "四、处理规则与操作",
        "五、个人信息保护影响评估",
        "尚无有效的影响评估，备案前必须完成",
    ),
    "en": (
        "Filing on face data",
        "1. Processor",
        "2. Purpose and method",
        "3. Persons stored, and safeguards",
        "4. Rules of processing",
        "5. Impact assessment",
        "No assessment counts yet; it has to be made before the filing",
    ),
}
_SUITES = {"international": "AES-256-GCM, SHA-256", "chinese": "SM4-GCM, SM3"}
_SAFEGUARDS = {
    "zh-CN": (
        "按案件和类别各用一把数据密钥加密（{suite}），密钥单独存放；图像在判定后立即删除，没有另行单独同意的不留特征；每次查看都有记录；"
        "删除即销毁密钥，并出具证明。"
    ),
    "en": (
        "Encrypted under a data key of its own for each case and class ({suite}), keys kept apart; images deleted right"
        " after the decision, no template kept without a consent of its own;"
        " every look is recorded; erasing destroys the key and is certified."
    ),
}
