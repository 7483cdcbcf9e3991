"""The demonstration bank: believable people at any size, the same for a seed. Part of the composition root: it knows
every domain and nothing imports it. Production never installs its data; the deployment check fails while it is there."""
