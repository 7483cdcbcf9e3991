"""能力评分: what superiors, peers, customers and the person himself say, indicator by indicator."""
