"""How easily the texts of every product are read, as a page: the measure is the lint's own (L17)."""

from pathlib import Path

from products.lint.readable import COMMA, EN_GRADE, MEAN, ONE_MOST, P90, SENTENCE_MOST, report
from products.load import DEFINITION, load

CATALOGUE = Path(__file__).parent.parent / "products" / "catalogue"

ABOUT = f"""# How easily the products are read

<!-- Made by `make docs`. Change the products, not this page. -->

For each product, language and level: `one` is the line in the list of clauses, `plain` what opens under it with its
explanations, `formal` the filed wording. Values filled in for a customer count as nothing.

Chinese is measured in Han characters, English in words: mean length of a sentence, the length that nine sentences of
ten do not exceed, the mean stretch between two commas, and the longest sentence. A Chinese grade is the worst of mean
/ {MEAN}, nine of ten / {P90} and stretch / {COMMA}, so 1.0 is the most a plain text may have; an English grade is that
of Flesch and Kincaid, at most {EN_GRADE}. A one-liner has at most {ONE_MOST} Han characters, and no sentence of ours
more than {SENTENCE_MOST}. Length is what tells plain from formal; how common the characters are does not.

These are lengths. They do not show that people understood: no reading test with people was made.

"""


def readability_page() -> str:
    paths = sorted(CATALOGUE.glob(f"*/{DEFINITION}"))
    return ABOUT + report([load(path.parent) for path in paths])
