"""Short documents of the products on sale: public, made from the clauses."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.rooms import Rooms
from esign.documents import typeset_pages
from evidence.events import Locale
from products.handouts.content import Form
from products.handouts.flow import handout


@get("/v1/products/{product:str}/handouts/{form:str}", security=[])
async def see_handout(
    product: FromPath[str], form: FromPath[Form], rooms: NamedDependency[Rooms], locale: FromQuery[Locale] = "en"
) -> Response[bytes]:
    """An IPID or a KID as PDF (PRD-15)."""
    data = await handout(product, form, locale, rooms.products, typeset_pages)
    return Response(
        data, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{form}.pdf"'}
    )


ROUTES = [see_handout]
