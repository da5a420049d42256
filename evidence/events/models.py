"""Which model pack looks at pictures: in the stream `model_packs`, for all tenants of the service."""

from typing import ClassVar

from evidence.events.envelope import Body, Sha256


class ModelPackChosen(Body, frozen=True, kw_only=True):
    """The operator changed the pack while the service runs. Decisions name the pack they were taken with themselves;
    this says who had it changed, when and why. `manifest`: SHA-256 of the pack's manifest, which names every file."""

    TYPE: ClassVar[str] = "model.pack_chosen/1"
    pack: str
    manifest: Sha256
    folder: str
    before: Sha256  # manifest of the pack that was in use
    before_folder: str
    reason: str
