"""Views: unpack, call, answer."""
