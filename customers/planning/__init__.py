"""Allocation plans (分客方案): drafted by the rebalancing job, looked at, changed and approved by people."""
