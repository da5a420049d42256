"""Erasing a class of a case's personal data: asked for, or due; sealed first, destroyed second, certified."""
