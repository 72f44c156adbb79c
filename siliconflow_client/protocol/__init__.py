"""One request's life, without I/O: flows, decoders, the retry policy."""
