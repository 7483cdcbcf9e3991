"""What people may do with a job: cancel it, try it again."""
