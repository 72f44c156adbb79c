"""Facts: models, parameters, defaults, and how long a text is."""
