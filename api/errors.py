"""The only table from error to status, and the one problem shape (RFC 9457)."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from evidence import errors
from evidence.errors import Error
from evidence.events import Frozen

STATUS: dict[type[Error], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Absent: 404,
    errors.Refused: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Unprocessable: 422,
    errors.Throttled: 429,
    errors.Corrupt: 500,
    errors.Unavailable: 503,
}
RETRYABLE = {429, 503}
MEDIA_TYPE = "application/problem+json"

# What the framework itself raises: code and the sentence a person reads.
FRAMEWORK: dict[int, tuple[str, str, str]] = {
    400: ("BAD_REQUEST", "请求内容有误，请重试。", "The request is not right. Please try again."),
    401: ("UNAUTHENTICATED", "请先登录。", "Please sign in first."),
    403: ("NOT_ALLOWED", "您的身份不能进行这一步。", "Your role may not do this."),
    404: (errors.NotFound.code, errors.NotFound.zh, errors.NotFound.en),
    405: ("METHOD_NOT_ALLOWED", "这个地址不支持这种操作。", "This address does not support that method."),
    413: (errors.BodyTooLarge.code, errors.BodyTooLarge.zh, errors.BodyTooLarge.en),
    415: ("MEDIA_TYPE_NOT_ACCEPTED", "文件类型不被接受。", "That kind of file is not accepted."),
    429: ("TOO_MANY_REQUESTS", "操作太频繁，请稍后再试。", "Too many requests. Please wait a little."),
    500: (
        "INTERNAL_ERROR",
        "系统出了问题，请稍后再试，之前的内容没有丢失。",
        "Something went wrong. Nothing was lost; try again.",
    ),
    503: (errors.TooBusy.code, errors.TooBusy.zh, errors.TooBusy.en),
}


class FieldProblem(Frozen, frozen=True, kw_only=True):
    field: str
    message: str


class Problem(Frozen, frozen=True, kw_only=True, omit_defaults=True):
    """Branch on `code`, never on text. `message` is what a person is shown."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    retryable: bool
    message: dict[str, str]
    errors: tuple[FieldProblem, ...] = ()
    missing: tuple[str, ...] = ()
    facts: dict[str, Any] = {}


def status_of(error: Error) -> int:
    """The status of the error's family; KeyError cannot happen, a test proves the table total."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: Error, request_id: str) -> Problem:
    status = status_of(error)
    facts = dict(error.facts)
    field, missing = facts.pop("field", None), facts.pop("missing", ())
    # A product's own rule may say it better than the class can.
    message = {"zh-CN": str(facts.pop("reason_zh", error.zh)), "en": str(facts.pop("reason_en", error.en))}
    return Problem(
        type=f"urn:jianzheng:error:{error.code}",
        title=error.en,
        status=status,
        code=error.code,
        # What went wrong inside stays inside; the log has it under the request id.
        detail="" if isinstance(error, errors.Corrupt) else error.detail,
        request_id=request_id,
        retryable=status in RETRYABLE or isinstance(error, errors.StillInFlight | errors.HeadMoved),
        message=message,
        errors=(FieldProblem(field=str(field), message=error.detail),) if field else (),
        missing=tuple(missing) if isinstance(missing, tuple) else (),
        facts=facts,
    )


def framework_problem(status: int, request_id: str) -> Problem:
    code, zh, en = FRAMEWORK.get(status) or FRAMEWORK[500 if status >= 500 else 400]
    return Problem(
        type=f"urn:jianzheng:error:{code}",
        title=en,
        status=status,
        code=code,
        detail="",
        request_id=request_id,
        retryable=status in RETRYABLE,
        message={"zh-CN": zh, "en": en},
    )


class Answered(Exception):
    """A client error given before for the same key and body: said again, word for word."""

    def __init__(self, body: Problem) -> None:
        super().__init__(body.code)
        self.body = body


def respond(body: Problem) -> Response[bytes]:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "2"} if body.status in RETRYABLE else {})
    return Response(msgspec.json.encode(body), status_code=body.status, media_type=MEDIA_TYPE, headers=headers)


def request_id(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def on_error(request: Request[Any, Any, Any], error: Error) -> Response[bytes]:
    if isinstance(error, errors.Corrupt):
        logging.getLogger("jianzheng.alarm").critical(
            "stored data does not verify", extra={"code": error.code, "detail": error.detail, "facts": error.facts}
        )
    return respond(problem(error, request_id(request)))


def on_answered(request: Request[Any, Any, Any], answered: Answered) -> Response[bytes]:
    return respond(msgspec.structs.replace(answered.body, request_id=request_id(request)))


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return respond(framework_problem(error.status_code, request_id(request)))


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The text of an unknown exception may hold personal data: only its type and where it came from are logged.
    logging.getLogger("jianzheng").error(
        "unexpected error",
        extra={"request_id": request_id(request), "error": type(error).__name__, "at": _origin(error)},
    )
    return respond(framework_problem(500, request_id(request)))


def _origin(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


HANDLERS: dict[int | type[Exception], Any] = {
    Error: on_error,
    Answered: on_answered,
    HTTPException: on_http_exception,
    Exception: on_unexpected,
}
