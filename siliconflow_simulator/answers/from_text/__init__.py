"""Answers out of the text of a request: no knowledge, no dice, the same text the same answer."""
