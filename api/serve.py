"""What a server process imports: `granian --interface asgi --factory api.serve:app`."""

from litestar import Litestar

from api.app import create_app
from api.settings import load


def app() -> Litestar:
    return create_app(load())
