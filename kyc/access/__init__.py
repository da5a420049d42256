"""How people get in: links, pairing codes, one-time codes, sessions bound to a browser's own key, staff accounts."""
