"""One whole journey, step by step, as the pages walk it: for the demo, the benchmark and the tests.

The photographs are synthetic and said to be so: the case is opened with `input_origin` `synthetic`, which is sealed and
which production refuses. Nothing in the service knows of this script.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bench import specimen
from bench.client import Agent, Customer
from bench.server import CODE, LINK, Server

PHONE = "13800138000"
PRODUCT = "anju_term_life"
ANSWERS = {"q_waiting": "refund", "q_driving": "not_paid"}
PERSON = specimen.DEFAULT

Meter = Callable[[str], Any]  # a context manager around a named step


@contextmanager
def unmetered(_: str) -> Iterator[None]:
    yield


class Walk:
    """Agent and customer against a running server. Call the steps in order, or `all`."""

    def __init__(self, server: Server, meter: Meter = unmetered, seed: int = 1) -> None:
        self.server = server
        self.meter = meter
        self.seed = seed
        self.agent = Agent(httpx.Client(base_url=server.url, timeout=30, trust_env=False))
        self.customer = Customer(httpx.Client(base_url=server.url, timeout=30, trust_env=False))
        self.bundle = b""

    def close(self) -> None:
        self.agent.http.close()
        self.customer.http.close()

    def all(self) -> bytes:
        """The bundle of the finished case."""
        for step in (self.enter, self.understand, self.identify, self.sign, self.export):
            step()
        return self.bundle

    def enter(self) -> None:
        with self.meter("open"):
            if self.agent.token is None:  # a sign-in link works once
                self.agent.sign_in(self.server.sign_in_token("agent"))
            case = self.agent.open_case(PRODUCT, PHONE, name=PERSON.name, input_origin="synthetic")
            before = len(self.server.lines)
            self.agent.send_link(case["id"])
            link = self.server.message(LINK, before)
        with self.meter("enter"):
            before = len(self.server.lines)
            self.customer.ask_code(link)
            self.customer.enter(link, self.server.message(CODE, before))
            self.customer.consent("recording")
            self.customer.consent("privacy")

    def understand(self) -> None:
        customer = self.customer
        with self.meter("quote"):
            inputs = {"age": age_of(PERSON.birth), "sex": "female", "sum": "500000", "term": 20, "pay_years": 10}
            customer.act("quotes", {"inputs": inputs})
            outputs = customer.read("quote")["outputs"]
        with self.meter("read"):
            customer.read_all()
            right = ANSWERS | {"q_surrender": outputs["back"]["value"]}
            customer.answer_all(lambda question: right[question["id"]])
        with self.meter("suitability"):
            customer.act("suitability", {"facts": {"income": "300000", "job": "office"}})
            customer.acknowledge_all()

    def identify(self) -> None:
        customer = self.customer
        with self.meter("papers"):
            customer.capture_paper("cn_id_front", specimen.front())
            customer.capture_paper("cn_id_back", specimen.back())
            customer.confirm_paper()
        with self.meter("faces"):
            customer.consent("face")
            customer.act("identity/routes", {"party": "proposer", "route": "face"})
            customer.capture_faces(lambda actions, colours: specimen.frames(actions, seed=self.seed, colours=colours))

    def sign(self) -> None:
        customer = self.customer
        with self.meter("paper"):
            customer.prepare()
            customer.view_document()
        with self.meter("sign"):
            before = len(self.server.lines)
            customer.act("codes", {"purpose": "sign"})
            customer.act("codes/checks", {"purpose": "sign", "code": self.server.message(CODE, before)})
            customer.consent("location")
            customer.act("signatures", customer.signature(handwriting(self.seed), PLACE))

    def export(self) -> None:
        customer = self.customer
        with self.meter("seal"):
            customer.act("exports", {"reason": "客户留存 the customer's own copy"})
            export = customer.view["exports"][-1]["id"]
            deadline = time.monotonic() + 60
            while (state := customer.read(f"exports/{export}"))["state"] == "queued":
                if time.monotonic() > deadline:
                    raise TimeoutError("the bundle was not built")
                time.sleep(0.1)
            assert state["state"] == "succeeded", state
            self.bundle = customer.fetch(f"/v1/cases/{customer.case}/exports/{export}/file")


PLACE = {"state": "consented", "lat_e7": 399042000, "lon_e7": 1164074000, "accuracy_m": 15, "datum": "WGS-84"}


def age_of(birth: date) -> int:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def handwriting(seed: int = 1) -> dict[str, Any]:
    """Three looping strokes with pressure, different for every seed; integers as the page sends them."""
    strokes = []
    clock = 0
    for number in range(3):
        points = []
        for step in range(40):
            angle = step / 6 + seed * 0.37
            x = 500 + number * 900 + step * 18 + 160 * math.cos(angle * 1.7)
            y = 800 + 320 * math.sin(angle) + 40 * math.cos(seed + step)
            pressure = 4000 + 3000 * math.sin(step / 39 * math.pi)
            points.append([round(x), round(y), clock, round(pressure)])
            clock += 16
        strokes.append({"pointer": "touch", "points": points})
        clock += 180
    return {"width": 3600, "height": 1600, "dpi": 326, "strokes": strokes}
