"""cmsys: the kernel rooms and the composition root."""
