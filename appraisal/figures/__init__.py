"""目标与指标值: what was to be reached and what was reached, brought in by people."""
