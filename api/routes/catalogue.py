"""What is sold, and the texts of notices: public."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.rooms import Rooms
from kyc import notices
from products import views


@get("/v1/products", security=[])
async def list_products(rooms: NamedDependency[Rooms]) -> dict[str, Any]:
    """With who sells here, and under which licence (PRD-16)."""
    operator = {"name": rooms.products.operator, "licence": rooms.products.licence or None}
    return {"items": await views.listing(rooms.products), "operator": operator}


@get("/v1/notices/{name:str}", security=[])
async def see_notice(name: FromPath[str], rooms: NamedDependency[Rooms]) -> dict[str, Any]:
    return notices.public(name, rooms.identity.processor)


ROUTES = [list_products, see_notice]
