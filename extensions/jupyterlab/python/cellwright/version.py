"""The version of the package; a test keeps it equal to that of the command line."""

__version__ = "0.1.0"
