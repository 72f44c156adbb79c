"""The only room that talks to the network: drivers, pools, and what httpx raises."""
