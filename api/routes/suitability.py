"""Whether it fits: needs before any quote, the risk grade, health, the decision, time to think."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.desk import Act
from api.rooms import Rooms
from api.view import CaseView
from products.commands import AnswerHealth, AssessSuitability, ConfirmRisk, EndThinking, GradeRisk, TellNeeds
from products.suitability import flow


@post("/v1/cases/{case_id:str}/needs", status_code=200)
async def tell_needs(
    case_id: FromPath[str], data: JSONBody[TellNeeds], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """What is needed and can be paid, before anything is recommended (PRD-10)."""
    return await act.on(case_id, data, lambda case, stamp: flow.tell_needs(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/suitability", status_code=200)
async def assess_suitability(
    case_id: FromPath[str], data: JSONBody[AssessSuitability], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: flow.assess_suitability(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/risk", status_code=200)
async def grade_risk(
    case_id: FromPath[str], data: JSONBody[GradeRisk], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The risk questionnaire, by the customer alone (PRD-11)."""
    return await act.on(case_id, data, lambda case, stamp: flow.grade_risk(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/risk/confirmations", status_code=200)
async def confirm_risk(
    case_id: FromPath[str], data: JSONBody[ConfirmRisk], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A grade that is another one than before was seen."""
    return await act.on(case_id, data, lambda case, stamp: flow.confirm_risk(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/health", status_code=200)
async def answer_health(
    case_id: FromPath[str], data: JSONBody[AnswerHealth], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """All health questions of one version (PRD-13)."""
    return await act.on(case_id, data, lambda case, stamp: flow.answer_health(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/thinking", status_code=200)
async def end_thinking(
    case_id: FromPath[str], data: JSONBody[EndThinking], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The customer goes on after the time to think (PRD-12)."""
    return await act.on(case_id, data, lambda case, stamp: flow.end_thinking(case, data, stamp, rooms.products))


ROUTES = [tell_needs, assess_suitability, grade_risk, confirm_risk, answer_health, end_thinking]
