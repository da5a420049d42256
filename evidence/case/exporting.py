"""What the case knows of a bundle that was asked for: by whom, how much of it opened, and who agreed."""

from msgspec.structs import replace

from evidence.events import Event, ExportApproved, ExportNarrowed, ExportRead, ExportRequested, Frozen, Retention

ExportBody = ExportNarrowed | ExportRequested | ExportApproved | ExportRead

EVERYTHING: tuple[Retention, ...] = ("biometric", "contract", "identity", "location")
IMAGES: frozenset[Retention] = frozenset(("biometric", "identity"))  # faces, and papers with a face on them


class Asked(Frozen, frozen=True, kw_only=True):
    """`open`: classes whose content is disclosed, but for values named in `withhold`. `reads`: how often."""

    by: str = ""
    role: str = ""
    open: tuple[Retention, ...] = EVERYTHING
    withhold: tuple[str, ...] = ()
    approved_by: str | None = None
    reads: int = 0

    @property
    def for_staff(self) -> bool:
        """Whether staff may read it: it opens no images of people, or a second person agreed (EVD-13)."""
        return self.approved_by is not None or IMAGES.isdisjoint(self.open)

    @property
    def waits(self) -> bool:
        """Whether it is not even built yet for want of that word. A customer's own images are the customer's."""
        return self.role != "customer" and not self.for_staff

    def apply(self, event: Event, body: ExportBody) -> "Asked":
        match body:
            case ExportNarrowed():
                return replace(self, open=body.open, withhold=body.withhold)
            case ExportRequested():
                return replace(self, by=event.actor.id, role=event.actor.role)
            case ExportApproved():
                return replace(self, approved_by=event.actor.id)
            case ExportRead():
                return replace(self, reads=self.reads + 1)
