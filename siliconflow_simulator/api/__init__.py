"""The API: what is checked, refused and sent, one module for each family of endpoints.

A module whose name begins with no underscore holds a family. Its `ROUTES` say which requests it
answers; nothing else has to know of it.
"""
