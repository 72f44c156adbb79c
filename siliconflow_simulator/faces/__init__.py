"""How requests come in: as an httpx transport, and as an ASGI app."""
