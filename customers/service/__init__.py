"""服务工单: what customers asked, reported or complained about, and how it was answered."""
