"""What tasks on several machines share: things named by their content, in a folder or behind an address."""
