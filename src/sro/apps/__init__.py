"""Three ways in: the command line, the HTTP service, folders of any size."""
