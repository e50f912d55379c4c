"""Previews, results and problems, as text and as JSON; commands print them."""
