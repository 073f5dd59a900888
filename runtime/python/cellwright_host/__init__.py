"""A host: it lets tasks of a run that goes on elsewhere be done on this machine."""
