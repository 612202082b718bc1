"""`measure`: the terms of the bound for every query, and certificates of students."""
