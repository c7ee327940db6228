"""Lessons, and what is handed out with them."""
