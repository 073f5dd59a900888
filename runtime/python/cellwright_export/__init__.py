"""Writes a notebook as a Python package. Standard library only; nothing of the notebook is executed."""
