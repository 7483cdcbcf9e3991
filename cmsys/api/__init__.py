"""The REST interface: clients and their tokens, the base classes rooms build resources from, problems, paging, limits."""
