"""One step of a compiled notebook as one process: what every engine runs, whatever it is called."""
