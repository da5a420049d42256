"""The printed face of a paper, whichever way the paper lay."""

from collections.abc import Callable

import numpy as np

from kyc.face import Face, Look
from kyc.flow import portrait
from kyc.intake import Pixels

TURNS = (2, 1, 3)  # quarters: upside down first, since most hold a card lengthwise


def printed(see: Callable[[Pixels], Look], picture: Pixels) -> Face | None:
    """The one printed face, if it is large enough to be compared. CPU work: up to four times a look at the picture.

    A detector knows faces that stand; a card photographed on its side has none until it is turned.
    """
    found = portrait(see(picture))
    for quarters in TURNS:
        if found is not None:
            break
        found = portrait(see(np.ascontiguousarray(np.rot90(picture, quarters))))
    return found
