"""People: 客户经理, their posts, grades and careers."""
