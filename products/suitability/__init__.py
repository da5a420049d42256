"""Whether a product fits a person: needs, ability to pay, risk grade, health, time to think."""
