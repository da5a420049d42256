"""A guardian's decision: how old they are is read from what they confirmed of themselves."""

from datetime import date

from evidence.case import Case
from evidence.events import Stamp
from kyc import notices
from kyc.flow import Ports, confirmed, day, erasing
from kyc.guardian import rules
from kyc.guardian.commands import DecideAsGuardian
from kyc.guardian.errors import GuardianUnverified
from kyc.idcard import age_on


async def decide(case: Case, command: DecideAsGuardian, stamp: Stamp, ports: Ports) -> Case:
    guardian = rules.admit(case, command, stamp)
    birth = (await confirmed(case, guardian, ports)).get("birth", "")
    if not birth:
        raise GuardianUnverified("erased")
    age = age_on(date.fromisoformat(birth), day(stamp.at))
    current = notices.text_sha256(rules.NOTICE, ports.processor)
    return await erasing(
        case, command.party, lambda case: rules.decide(case, command, current, age, stamp), stamp, ports
    )
