"""The job room: enqueueing, leases, chunks, schedule, services, and the settings of its workers."""
