"""Routes: decode, one call, encode."""
