"""Each language says the same: the same sentences, with the same values and terms in them."""

from collections.abc import Iterator

from products.compiled import Compiled
from products.lint.places import Found, Rules, every_text
from products.template import names_in, terms_in


def languages_agree(compiled: Compiled) -> Iterator[Found]:
    """L24: the same sentences, holes and terms in every language offered."""
    offered = set(compiled.product.languages.offered)
    if compiled.product.languages.authoritative not in offered:
        yield "languages", "the authoritative language is not offered"
    for path, text in every_text(compiled):
        if set(text) != offered:
            yield path, f"languages {', '.join(sorted(offered ^ set(text)))} missing or not offered"
            continue
        holes = {locale: (names_in(template), terms_in(template)) for locale, template in text.items()}
        if len(set(holes.values())) > 1:
            yield path, "the languages do not use the same values and terms"


RULES: Rules = (("L24", "E", languages_agree),)
