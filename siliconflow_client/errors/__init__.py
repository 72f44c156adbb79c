"""What can go wrong, how an answer becomes an error, and what to do about it."""
