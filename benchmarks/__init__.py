"""What the adapters cost beside their peers: CPU time of the client process."""
