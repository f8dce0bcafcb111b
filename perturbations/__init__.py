"""The operators, by what they vary. The registry finds them; nothing imports them by name."""
