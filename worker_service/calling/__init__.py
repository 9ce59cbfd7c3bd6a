"""One HTTP call at a time to a server that may do anything: whole, by one deadline, within a cap, or why not."""
