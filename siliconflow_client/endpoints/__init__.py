"""One module per family of the API: its request, its checks, its result, its parser."""
