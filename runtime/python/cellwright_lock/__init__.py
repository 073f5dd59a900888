"""Finds what a notebook needs: the distributions of what it imports, and what these require."""
